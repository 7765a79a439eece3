import { Lazy, Stack } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { type Doors, ENV } from '../contract/environment.ts';
import { TaskQueueError } from './task-queue-error.ts';

const ID = 'PunctualApps';

/** The doors that a function was told of, in its environment: however many apps are connected, in any order, and one queue. */
export class Connections extends Construct {
  /** The connections of a function. */
  static of(target: LambdaFunction): Connections {
    return (target.node.tryFindChild(ID) as Connections | undefined) ?? new Connections(target);
  }

  private readonly target: LambdaFunction;
  private readonly apps = new Map<string, Doors>();
  private operateArn: string | undefined;

  private constructor(target: LambdaFunction) {
    super(target, ID);
    this.target = target;
  }

  /** Adds doors of an app to those that the function knows already. */
  add(app: string, doors: Doors): void {
    const known = this.apps.get(app) ?? {};
    for (const door of ['submit', 'report'] as const) {
      if (known[door] !== undefined && doors[door] !== undefined && known[door] !== doors[door]) {
        throw new TaskQueueError(
          this,
          `this function is connected to an app named ${app} of another queue; allowed is one app of a name in a function`,
        );
      }
    }
    this.target.addEnvironment(ENV.apps, Lazy.string({ produce: () => appsText(this, this.apps) }));
    this.apps.set(app, { ...known, ...doors });
  }

  /** Tells the function of a queue's operate door. */
  operate(operateArn: string): void {
    if (this.operateArn !== undefined && this.operateArn !== operateArn) {
      throw new TaskQueueError(this, 'this function operates another queue; allowed is one queue in a function');
    }
    this.operateArn = operateArn;
    this.target.addEnvironment(ENV.operate, operateArn);
  }
}

/** What `PUNCTUAL_APPS` holds, sorted so that the template does not depend on the order of calls. */
export function appsText(scope: Construct, apps: ReadonlyMap<string, Doors>): string {
  const sorted = [...apps].sort(([a], [b]) => (a < b ? -1 : 1));
  return Stack.of(scope).toJsonString(Object.fromEntries(sorted));
}
