// dist/: bin.js (the entry), the program in chunks of its own for each command, and the types of the configuration.
// The dependencies are bundled: a start that reads 30 files of node_modules takes twice the time and memory.
import { build } from 'esbuild';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { writeValidator } from './generate.mjs';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
const out = path.join(root, 'dist');

/**
 * A shell is there within a millisecond and ignores SIGUSR1, which kills a Node that is younger than about 20 ms; the
 * shell then becomes Node, which reads the same file as JavaScript. The address for the debugger is one that no machine
 * has (TEST-NET-1, RFC 5737): what SIGUSR1 would open before the first statement cannot be opened.
 */
const shell = [
  '#!/bin/sh',
  `':' //; trap '' USR1; case "$NODE_OPTIONS" in *--inspect*) exec node "$0" "$@";; esac; exec node --inspect-port=192.0.2.1:65535 "$0" "$@"`,
].join('\n');

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  // Names stay, so that a stack trace of `--log-level debug` can be read.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
};

await writeValidator();
rmSync(out, { recursive: true, force: true });
mkdirSync(out);
const { metafile } = await build({
  ...common,
  entryPoints: { main: 'src/cli/main.ts' },
  outdir: out,
  splitting: true,
  chunkNames: '[name]-[hash]',
  metafile: true,
  // cosmiconfig would load it for a configuration in TypeScript, which is not one of the forms.
  external: ['typescript'],
  // CommonJS packages inside of the bundle ask for Node's modules with require.
  banner: {
    js: "import{createRequire as alternateRequire}from'node:module';const require=alternateRequire(import.meta.url);",
  },
});
await build({
  ...common,
  entryPoints: { bin: 'src/cli/bin.ts' },
  outdir: out,
  plugins: [
    {
      name: 'main-is-built-already',
      setup(plugin) {
        plugin.onResolve({ filter: /^\.\/main\.ts$/ }, () => ({ path: './main.js', external: true }));
      },
    },
  ],
  banner: { js: shell },
});
chmodSync(path.join(out, 'bin.js'), 0o755);
writeFileSync(path.join(out, 'THIRD-PARTY-LICENSES.txt'), licenses(metafile));
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.types.json'], {
  stdio: 'inherit',
});

/** The licences of every package that went into the bundle, as each of them asks for. */
function licenses(meta) {
  const folders = new Set();
  for (const input of Object.keys(meta.inputs)) {
    const match = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) folders.add(match[1]);
  }
  return [...folders].sort().map(licenseOf).join('\n\n');
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  for (const file of ['LICENSE', 'license', 'LICENSE.md', 'LICENSE.txt', 'license.md']) {
    try {
      return `${name} ${version} (${license})\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}`;
    } catch {
      // Another name, then.
    }
  }
  return `${name} ${version} (${license})`;
}
