// Bundles a function of the system: node bundle.mjs ENTRY, the code on standard output. A process of its own, because constructs are
// synchronous and esbuild's plugins are not. Plain JavaScript, so that it runs under whatever runs the CDK app.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

const [, , entry] = process.argv;

/**
 * The oldest Node that runs a bundle: an emulator runs functions on the Node that it finds, whatever the runtime says.
 * (Nothing is gained by a newer target.)
 */
const TARGET = 'node20';

/** Lambda gives its functions their credentials in the environment: the chain that looks everywhere else stays out (90 KB). */
const credentials = {
  name: 'credentials of the environment alone',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, () => ({ path: 'environment', namespace: 'credentials' }));
    onLoad({ filter: /./, namespace: 'credentials' }, () => ({
      contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
      resolveDir: import.meta.dirname,
    }));
  },
};

/**
 * An SDK client's tables of shapes, so written that those of calls nobody makes can be shaken off: a key in brackets and the
 * registration of an error look like side effects. An error that is not registered keeps its name and message; one class is asked
 * for more: the row that refused a write.
 */
const shapes = {
  name: 'shapes of the calls that are made alone',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@aws-sdk[\\/]client-[a-z]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const words = new Map([...source.matchAll(/^const (\w+) = ("[^"\n]*");$/gm)].map(([, name, word]) => [name, word]));
      const named = source.replaceAll(/\[(\w+)\]:/g, (key, name) => (words.has(name) ? `${words.get(name)}:` : key));
      const contents = named.replaceAll(/^\w+\.registerError\((\w+)\$.*\);$/gm, (line, error) => (KEPT_ERRORS.test(error) ? line : ''));
      return { contents, loader: 'js' };
    });
  },
};
const KEPT_ERRORS = /^ConditionalCheckFailedException$|ServiceException$/;

/** A client wants no more of its package than the version, for the user agent. */
const packages = {
  name: 'versions of packages alone',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]@aws-sdk[\\/][a-z-]+[\\/]package\.json$/ }, ({ path }) => {
      const { version } = JSON.parse(readFileSync(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/** No call that is made answers with a stream of events. */
const streams = {
  name: 'no event streams',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@smithy\/core\/event-streams$/ }, () => ({ path: 'none', namespace: 'streams' }));
    onLoad({ filter: /./, namespace: 'streams' }, () => ({
      contents:
        'const as = (x) => x; export { as as eventStreamSerdeProvider, as as resolveEventStreamSerdeConfig, as as EventStreamSerde };',
    }));
  },
};

const { outputFiles } = await build({
  entryPoints: [entry],
  bundle: true,
  minify: true,
  platform: 'node',
  format: 'cjs',
  target: TARGET,
  // The SDK's modules can be shaken, its CommonJS cannot: half the size.
  mainFields: ['module', 'main'],
  write: false,
  logLevel: 'error',
  legalComments: 'none',
  plugins: [credentials, shapes, packages, streams],
});
process.stdout.write(outputFiles.map((file) => file.text).join(''));
