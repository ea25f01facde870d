// dist/: bin.cjs, which bin/alternate loads, the program in chunks of its own for each command, and the types of the
// configuration. It is built aside and takes its place at the end: one that is interrupted, or runs beside another one,
// leaves the old dist/ as it was.
// The dependencies are bundled: a start that reads 30 files of node_modules takes twice the time and memory.
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { decode, encode, type SourceMapSegment } from '@jridgewell/sourcemap-codec';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { writeValidator } from './generate/validator.ts';

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
const dist = path.join(root, 'dist');
/** Of this run alone, on the same file system. */
const aside = path.join(root, `node_modules/.cache/alternate-build/${process.pid}`);
const out = path.join(aside, 'dist');

/** Takes the place of `import` where `require` will do; as long as that word, so that the positions in the source maps hold. */
const REQUIRE = 'getCjs';
const namespace = `const ${REQUIRE}=i=>Promise.resolve().then(()=>{const m=require(i);return{default:m,...m}});`;
const ownUrl = "const alternateUrl=require('node:url').pathToFileURL(__filename).href;";

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  // CommonJS: Node's loader of ES modules alone costs 1.6 MB and some milliseconds at each start.
  format: 'cjs',
  define: { 'import.meta.url': 'alternateUrl', 'import.meta.dirname': '__dirname' },
  // The source stays in memory as long as the manager lives: short names save 1.1 MB of it.
  minify: true,
  // For the positions in the stack of a bug (src/cli/stack.ts).
  sourcemap: 'linked',
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
} satisfies BuildOptions;

await writeValidator();
rmSync(aside, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const inputs = new Set<string>();
const bundles = new Map([['bin', 'src/cli/bin.ts']]);
for (const [name, entry] of bundles) await bundle(name, entry);

/**
 * One file for the entry, and one for everything that is imported dynamically: few files to find and read at a start,
 * and nothing in them that the command does not need.
 */
async function bundle(name: string, entry: string): Promise<void> {
  const separate: Plugin = {
    name: 'dynamic imports are bundles of their own',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async ({ path: wanted, kind, importer, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === 'resolving' || /^(node:|typescript$)/.test(wanted))
          return undefined;
        const found = await build.resolve(wanted, { kind, importer, resolveDir, pluginData: 'resolving' });
        if (found.errors.length > 0) return found;
        const target = path.basename(wanted).replace(/\.ts$/, '');
        const taken = bundles.get(target);
        if (taken !== undefined && taken !== found.path)
          throw new Error(`two bundles would be called ${target}`);
        bundles.set(target, found.path);
        return { path: `./${target}.cjs`, external: true };
      });
    },
  };
  const { metafile, outputFiles } = await build({
    ...common,
    entryPoints: { [name]: entry },
    outdir: out,
    outExtension: { '.js': '.cjs' },
    write: false,
    metafile: true,
    plugins: [separate],
    // The same code as ES modules: what is not called (writing YAML, say) falls away, and the rest loads sooner.
    alias: { yaml: path.join(root, 'node_modules/yaml/browser/dist/index.js') },
    // cosmiconfig would load it for a configuration in TypeScript, which is not one of the forms.
    external: ['typescript'],
    banner: { js: name === 'bin' ? namespace : ownUrl + namespace },
  });
  for (const input of Object.keys(metafile.inputs)) inputs.add(input);
  for (const file of outputFiles) {
    // Bundles of our own and Node's modules are required; only a configuration in JavaScript is really imported.
    const text = file.path.endsWith('.map')
      ? linesOfOurOwn(file.text)
      : file.text.replace(/\bimport(?=\("(?:\.\/[\w-]+\.cjs|node:[\w/]+)"\))/g, REQUIRE);
    writeFileSync(file.path, text);
  }
}

/**
 * A source map without columns, names and dependencies: 70 KiB of the package, where all of it would be 700, more than
 * the program itself.
 */
function linesOfOurOwn(map: string): string {
  const { sources, mappings } = JSON.parse(map) as {
    readonly sources: readonly string[];
    readonly mappings: string;
  };
  // esbuild names them from where it builds.
  const fromDist = sources.map((source) => path.relative(dist, path.resolve(out, source)));
  const own = fromDist.filter((source) => source.startsWith('../src/'));
  const kept = decode(mappings).map((segments) => {
    const line: SourceMapSegment[] = [];
    for (const [column, source = -1, originalLine = 0] of segments) {
      const index = own.indexOf(fromDist[source] ?? '');
      const [, lastIndex = -1, lastLine = 0] = line.at(-1) ?? [];
      if (index === lastIndex && (index === -1 || originalLine === lastLine)) continue;
      line.push(index === -1 ? [column] : [column, index, originalLine, 0]);
    }
    return line;
  });
  return JSON.stringify({ version: 3, sources: own, names: [], mappings: encode(kept) });
}

writeFileSync(path.join(out, 'THIRD-PARTY-LICENSES.txt'), licenses());
const types = ['-p', 'tsconfig.types.json', '--outDir', path.join(out, 'types')];
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', ...types], { stdio: 'inherit' });
takePlace();
rmSync(aside, { recursive: true, force: true });

/** A folder cannot be renamed over another one that is not empty: the old one is moved away first. */
function takePlace(): void {
  // A signal waits until both are done.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));
  for (let tries = 0; ; tries++) {
    try {
      renameSync(dist, path.join(aside, `old-${tries}`));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
    try {
      renameSync(out, dist);
      return;
    } catch (error) {
      // Another build was quicker with its own.
      if (!['ENOTEMPTY', 'EEXIST'].includes(codeOf(error)) || tries === 10) throw error;
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** The licences of every package that went into the bundle, as each of them asks for. */
function licenses(): string {
  const folders = new Set<string>();
  for (const input of inputs) {
    const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  return [...folders].sort().map(licenseOf).join('\n\n');
}

function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(path.join(folder, 'package.json'), 'utf8'),
  ) as Record<'name' | 'version' | 'license', string>;
  for (const file of ['LICENSE', 'license', 'LICENSE.md', 'LICENSE.txt', 'license.md']) {
    try {
      return `${name} ${version} (${license})\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}`;
    } catch {
      // Another name, then.
    }
  }
  return `${name} ${version} (${license})`;
}
