import type { RecipeSpec } from './recipe-spec.ts';

/**
 * Units that only cost a virtual machine time at boot: hardware it does not have, consoles nobody looks at, timers
 * for machines that live for months.
 */
const MASKED_UNITS = [
  'serial-getty@ttyS0.service',
  'getty@tty1.service',
  'getty-static.service',
  'systemd-pstore.service',
  'systemd-random-seed.service',
  'systemd-update-utmp.service',
  'systemd-update-utmp-runlevel.service',
  'systemd-remount-fs.service',
  'systemd-udev-settle.service',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'apt-daily.timer',
  'apt-daily-upgrade.timer',
  'dpkg-db-backup.timer',
  'fstrim.timer',
  'dev-hugepages.mount',
  'kmod-static-nodes.service',
  'proc-sys-fs-binfmt_misc.automount',
  'proc-sys-fs-binfmt_misc.mount',
  'systemd-binfmt.service',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'sys-kernel-config.mount',
  'sys-fs-fuse-connections.mount',
];

const DEBIAN_PACKAGES = [
  'systemd-sysv',
  'udev',
  'dbus',
  'iproute2',
  'ca-certificates',
  'curl',
  'git',
  'jq',
  'less',
  'make',
  'procps',
  'python3-minimal',
  'python3',
  'rsync',
  'openssh-client',
  'sudo',
  'xz-utils',
  'zstd',
];

/** The journal of a sandbox is read while it lives; keeping it on disk slows the boot. */
const JOURNAL = {
  path: '/etc/systemd/journald.conf.d/banger.conf',
  mode: 0o644,
  content: '[Journal]\nStorage=volatile\nReadKMsg=no\n',
};

const MASKING = `systemctl --quiet mask ${MASKED_UNITS.join(' ')}`;

export const SHIPPED_RECIPES: readonly RecipeSpec[] = [
  {
    name: 'debian-bookworm',
    description: 'Debian 12 with systemd and the usual tools of a developer',
    base: { kind: 'debian', release: 'bookworm' },
    packages: DEBIAN_PACKAGES,
    files: [JOURNAL],
    commands: [MASKING],
  },
  {
    name: 'debian-bookworm-dev',
    description: 'debian-bookworm with compilers and Docker',
    base: { kind: 'debian', release: 'bookworm' },
    packages: [...DEBIAN_PACKAGES, 'build-essential', 'docker.io'],
    files: [JOURNAL],
    commands: [MASKING],
  },
  {
    name: 'busybox',
    description: 'one static busybox, a few MB: made in seconds, for tests and first tries',
    base: { kind: 'busybox' },
    packages: [],
    files: [],
    commands: [],
  },
];
