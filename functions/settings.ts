import { GetParametersByPathCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { settingsPath } from '../contract/environment.ts';
import { parseSettings } from '../contract/settings.ts';
import type { AppSettings } from '../core/policy.ts';
import { log, reasonOf } from './log.ts';

/**
 * The settings of every app of the queue, as their stacks wrote them. One that cannot be read is logged and left out: it
 * must not stop the others.
 */
export async function loadSettings(ssm: SSMClient, queue: string): Promise<AppSettings[]> {
  const settings: AppSettings[] = [];
  let token: string | undefined;
  do {
    const command = new GetParametersByPathCommand({ Path: settingsPath(queue), ...(token ? { NextToken: token } : {}) });
    const { Parameters = [], NextToken } = await ssm.send(command);
    for (const { Name, Value } of Parameters) {
      try {
        settings.push(parseSettings(Value ?? ''));
      } catch (error) {
        log('ERROR', 'the settings of an app cannot be read; deploy its stack again', { parameter: Name, reason: reasonOf(error) });
      }
    }
    token = NextToken;
  } while (token);
  return settings;
}
