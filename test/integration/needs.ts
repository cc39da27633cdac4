import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { SERVICES, type ServiceName } from '#kit/paths.ts';

/** For `skip` of a test: false where this host can run it, else the reason in one line. */
export type Skip = string | false;

export const needsRoot: Skip = process.getuid?.() === 0 ? false : 'needs root';

/** The services that whoever runs the tests can start: rootd is nobody's but root's. */
export const STARTABLE: readonly ServiceName[] = SERVICES.filter(
  (name) => name !== 'rootd' || !needsRoot,
);

export const needsMountNamespace: Skip =
  needsRoot || tries('unshare', ['--mount', 'true'], 'needs the right to make mount namespaces');

/** A VMM, a compiler for the guest's program, and a kernel and an image to be had from apt. */
export const needsVms: Skip =
  exists('/usr/bin/qemu-system-x86_64', 'qemu-system-x86') ||
  exists('/usr/bin/musl-gcc', 'musl-tools') ||
  tries('apt-cache', ['show', 'linux-image-cloud-amd64'], 'needs apt lists with a cloud kernel');

/** For images that are made of packages. */
export const needsMmdebstrap: Skip = exists('/usr/bin/mmdebstrap', 'mmdebstrap');

/** Debian's own Python: one from elsewhere would not have the packages. */
export const PYTHON = '/usr/bin/python3';
export const GRPC_PYTHON_PLUGIN = '/usr/bin/grpc_python_plugin';

/** For terminals, which Node.js cannot make. */
export const needsTerminal: Skip = exists(PYTHON, 'python3');

export const needsPython: Skip =
  exists(GRPC_PYTHON_PLUGIN, 'protobuf-compiler-grpc') ||
  exists('/usr/bin/protoc', 'protobuf-compiler') ||
  tries(
    PYTHON,
    ['-c', 'import grpc, google.protobuf'],
    'needs python3-grpcio and python3-protobuf',
  );

function exists(path: string, packageName: string): Skip {
  try {
    accessSync(path, constants.X_OK);
    return false;
  } catch {
    return `needs ${path} of the package ${packageName}`;
  }
}

function tries(file: string, args: readonly string[], otherwise: string): Skip {
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return false;
  } catch {
    return otherwise;
  }
}
