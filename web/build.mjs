// Builds the page: bundles src/main.tsx into hashed files and compresses each with brotli, for the hub to embed.
//   node build.mjs [FOLDER]     FOLDER: where the files go, ../artifacts/web without it
import { build } from 'esbuild'
import { brotliCompressSync, constants } from 'node:zlib'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const folder = process.argv[2] ?? join(here, '../artifacts/web')

/** What the browser loads before it shows anything, compressed. Charts, terminal and editor are chunks of their own. */
const FIRST_LOAD_LIMIT = 60 * 1024

const result = await build({
  absWorkingDir: here,
  entryPoints: ['src/boot.ts', 'src/main.tsx'],
  outdir: join(folder, 'assets'),
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: ['chrome111', 'firefox121', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  minify: true,
  metafile: true,
  write: false,
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
})

rmSync(folder, { recursive: true, force: true })
mkdirSync(join(folder, 'assets'), { recursive: true })

const outputs = result.metafile.outputs
const outputOf = source => Object.keys(outputs).find(name => outputs[name].entryPoint === source)
const main = outputOf('src/main.tsx')
const name = path => 'assets/' + path.slice(path.lastIndexOf('/') + 1)
const script = name(outputOf('src/boot.ts'))
const style = name(outputs[main].cssBundle)

/** An output and what it imports, without what it loads later. */
function withImports(path, seen = new Set()) {
  if (!seen.has(path)) {
    seen.add(path)
    for (const item of outputs[path].imports) {
      if (item.kind === 'import-statement') withImports(item.path, seen)
    }
  }
  return seen
}

// All at once, and not one after the other as each is found in the one before.
const scripts = [...withImports(main)].map(name)
const preloads = scripts.map(path => `<link rel="modulepreload" href="/${path}">`).join('\n')

const files = new Map(result.outputFiles.map(file => ['assets/' + relative(join(folder, 'assets'), file.path), file.contents]))
const page = readFileSync(join(here, 'src/index.html'), 'utf8').replace('{script}', script).replace('{style}', style).replace('{preloads}', preloads)
files.set('index.html', Buffer.from(page))
files.set('icon.svg', readFileSync(join(here, 'src/icon.svg')))

const sizes = new Map()
for (const [path, content] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const compressed = brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } })
  writeFileSync(join(folder, path + '.br'), compressed)
  sizes.set(path, compressed.length)
}

const first = sizes.get('index.html') + sizes.get(style) + [script, ...scripts].reduce((sum, path) => sum + sizes.get(path), 0)
for (const [path, size] of sizes) console.log(`${String(size).padStart(8)}  ${path}`)
console.log(`${String(first).padStart(8)}  first load (limit ${FIRST_LOAD_LIMIT})`)
if (first > FIRST_LOAD_LIMIT) {
  console.error(`the first load is larger than ${FIRST_LOAD_LIMIT} bytes: load what is not always needed later, with import()`)
  process.exit(1)
}
