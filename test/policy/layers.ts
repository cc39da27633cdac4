import { matchesGlob } from 'node:path';

/** A row of the table "who may import whom". In its globs, OWN is the file's service and AREA its adapter. */
export type Layer = {
  name: string;
  holds: readonly string[];
  imports: readonly string[];
  /** Whether packages from npm may be used. */
  packages: boolean;
};

const PROTO = 'proto/gen/**';

/** What of the kit holds no I/O. */
const PURE_KIT =
  'kit/{abort,call,duration,errors,host-check,ipv4,keyed-lock,log,names,nearest,operations,size,stages,undo}.ts';

/** The contracts that every service serves alike, never the contract of one service. */
const KIT_PROTO = ['proto/gen/{google,grpc}/**', 'proto/gen/banger/v1/{info,operation,types}.ts'];

/** The first row that holds a file is its layer. */
const LAYERS: readonly Layer[] = [
  {
    name: 'test of a service',
    holds: ['services/**/*.test.ts', 'services/**/testing/**'],
    imports: [PROTO, 'kit/**', 'guest/**', 'OWN/**'],
    packages: true,
  },
  {
    name: 'main',
    holds: ['services/*/main.ts'],
    imports: [PROTO, 'kit/**', 'OWN/**'],
    packages: true,
  },
  { name: 'config', holds: ['services/*/config.ts'], imports: ['kit/**'], packages: false },
  {
    name: 'domain',
    holds: ['services/*/domain/**'],
    imports: ['OWN/domain/**', PURE_KIT],
    packages: false,
  },
  {
    name: 'adapters',
    holds: ['services/*/{adapters,drivers}/**'],
    // Vmd writes a guest's identity and imaged packs the guest program: both with the guest's own code.
    imports: [PROTO, 'kit/**', 'guest/*.ts', 'OWN/domain/**', 'OWN/messages/**', 'AREA/**'],
    packages: true,
  },
  {
    name: 'ops',
    holds: ['services/rootd/*/**'],
    // The command line of QEMU is text that vmd and rootd make alike.
    imports: ['services/rootd/*/**', PURE_KIT, 'kit/{device-link,exec,nftables,qemu-arguments}.ts'],
    packages: false,
  },
  {
    name: 'rpc',
    holds: ['services/*/*.ts', 'services/*/{rpc,messages}/**'],
    imports: [PROTO, 'kit/**', 'OWN/domain/**', 'OWN/ops/**', 'OWN/*.ts', 'OWN/{rpc,messages}/**'],
    packages: false,
  },
  { name: 'cli', holds: ['cli/**'], imports: [PROTO, 'kit/**', 'cli/**'], packages: true },
  { name: 'kit', holds: ['kit/**'], imports: ['kit/**', ...KIT_PROTO], packages: true },
  { name: 'guest', holds: ['guest/**'], imports: ['guest/**', 'kit/**'], packages: true },
  { name: 'bench', holds: ['bench/**'], imports: ['bench/**', 'kit/**', PROTO], packages: true },
  { name: 'deploy', holds: ['deploy/**'], imports: ['deploy/**', 'kit/**'], packages: true },
  {
    name: 'examples',
    holds: ['examples/**'],
    imports: ['examples/**', 'kit/**', PROTO],
    packages: true,
  },
  {
    name: 'test',
    holds: ['test/**'],
    imports: ['test/**', 'kit/**', 'cli/commands/index.ts', PROTO],
    packages: true,
  },
];

export function findLayer(file: string): Layer | undefined {
  return LAYERS.find(({ holds }) => holds.some((glob) => matchesGlob(file, glob)));
}

export function mayImport(layer: Layer, file: string, target: string): boolean {
  const [top = '', service = '', kind = '', area = '', ...deeper] = file.split('/');
  const own = `${top}/${service}`;
  // A file beside the adapters' folders may know them all; each of them knows itself only.
  const adapter = deeper.length === 0 ? `${own}/${kind}` : `${own}/${kind}/${area}`;
  return layer.imports.some((glob) =>
    matchesGlob(target, glob.replace('OWN', own).replace('AREA', adapter)),
  );
}
