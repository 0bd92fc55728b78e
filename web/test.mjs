// Bundles every test/*.test.ts and runs it with Node's own test runner.
import { build } from 'esbuild'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'dockmon-page-'))
try {
  const tests = readdirSync(join(here, 'test')).filter(name => /\.test\.tsx?$/.test(name))
  await build({
    absWorkingDir: here,
    entryPoints: tests.map(name => 'test/' + name),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'browser', // what is tested is what the browser gets
    external: ['node:*'],
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    sourcemap: 'inline',
  })
  const files = readdirSync(folder)
    .filter(name => name.endsWith('.mjs'))
    .map(name => join(folder, name))
  const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { stdio: 'inherit' })
  process.exitCode = run.status ?? 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
