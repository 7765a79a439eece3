import { LocalAwsError } from './localAws.ts';
import { localCommand } from './localCommand.ts';
import { PUNCTUAL_FOLDER } from './startLocalAws.ts';

const command = localCommand({
  folder: PUNCTUAL_FOLDER,
  say: (line) => console.log(line),
  log: (line) => console.error(line),
});

try {
  await command.parseAsync();
} catch (error) {
  if (!(error instanceof LocalAwsError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
