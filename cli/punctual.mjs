#!/usr/bin/env node
// The command `punctual`: runs main.ts in this same process (Ctrl-C and exit codes need no forwarding).
const OLDEST_NODE = [20, 19];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  console.error(`punctual needs Node ${OLDEST_NODE.join('.')} or later; this is ${process.versions.node}. Install a newer Node.`);
  process.exit(1);
}
// The SDK's notice about Node versions is for developers of the SDK's users, not for what this prints.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
const { register } = await import('tsx/esm/api');
register();
await import('./main.ts');
