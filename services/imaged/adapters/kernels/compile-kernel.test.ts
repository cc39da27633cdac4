import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { missingTool } from '../../testing/run-tool.ts';
import { compileKernel } from './compile-kernel.ts';

const skip = await missingTool('make', 'gcc', 'strip');

/** All that a kernel's build puts into it of who builds, when and where; in the kernel scripts/mkcompile_h does that. */
const CODE = `#define TEXT(word) #word
#define SAID(word) TEXT(word)
char banner[] __attribute__((used)) =
  SAID(BUILDER) " " SAID(STAMP) " " __DATE__ " " __TIME__ " " __FILE__ EXTRA;
void _start(void) {}
`;
const MAKEFILE = `BUILDER = $(KBUILD_BUILD_USER)@$(KBUILD_BUILD_HOST)-$(KBUILD_BUILD_VERSION)
STAMP = $(KBUILD_BUILD_TIMESTAMP)-$(shell date -d '$(KBUILD_BUILD_TIMESTAMP)' +%H)
CFLAGS = -DBUILDER=$(BUILDER) -DSTAMP=$(STAMP) $(if $(LOCALVERSION),-DEXTRA='"local"',-DEXTRA='""')
vmlinux: vmlinux.o
\tgcc -nostdlib -static -Wl,--build-id=sha1 -o $@ $<
vmlinux.o: vmlinux.c
\tgcc $(CFLAGS) $(KCFLAGS) -c -o $@ $<
`;

async function compileIn(t: TestContext, name: string, epoch: number): Promise<Buffer> {
  const folder = join(temporaryFolder(t), name);
  await mkdir(folder);
  await writeFile(join(folder, 'vmlinux.c'), CODE);
  await writeFile(join(folder, 'Makefile'), MAKEFILE);
  return readFile(await compileKernel(callOf(), { folder, name: 'small', epoch }, () => undefined));
}

test('a build takes nothing from its folder, the clock or whoever started imaged', {
  skip,
}, async (t) => {
  const first = await compileIn(t, 'here', 1_700_000_000);
  assert.match(first.toString('latin1'), /banger@banger-1 @1700000000-22 Nov 14 2023 22:13:20/);
  const strange = {
    ...{ KBUILD_BUILD_USER: 'me', KBUILD_BUILD_HOST: 'host', KBUILD_BUILD_TIMESTAMP: '@1' },
    ...{ KCFLAGS: '-g -O3', LOCALVERSION: '-mine', TZ: 'Asia/Tokyo', SOURCE_DATE_EPOCH: '1' },
  };
  const before = Object.keys(strange).map((name) => [name, process.env[name]] as const);
  t.after(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  Object.assign(process.env, strange);
  assert.ok(first.equals(await compileIn(t, 'a longer name elsewhere', 1_700_000_000)));
  // What is to tell in it tells.
  assert.ok(!first.equals(await compileIn(t, 'later', 1_700_100_000)));
});
