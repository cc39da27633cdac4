import { readConfig, type Setting } from '#kit/config-file.ts';
import type { Paths } from '#kit/paths.ts';
import { flag, integer, text, texts } from '#kit/settings.ts';

/** How the words of netd's domain are read; main.ts brings the two together. */
export type Parsers<Pool, Upstream> = {
  pool(text: string): Pool;
  upstream(text: string): Upstream;
};

/** The table [netd] of the configuration file, and what follows from how banger runs. */
export function readNetdConfig<Pool, Upstream>(
  { config: file, mode }: Paths,
  parsers: Parsers<Pool, Upstream>,
) {
  const settings = readConfig(file, 'netd', {
    bridge: bridgeName('br-banger'),
    /** Network of the guests; the host has its first address. */
    pool: parsed(parsers.pool, '172.30.0.0/16'),
    /** Taps kept ready, so that a start waits for none. */
    tap_pool: integer(32, { min: 0, max: 256 }),
    /** On 127.0.0.1, for the host; 0 takes any free one. */
    dns_port: integer(42_069, { min: 0, max: 65_535 }),
    /** On the bridge's address, for guests; they ask port 53, which the packet rules lead here. */
    guest_dns_port: integer(42_069, { min: 1, max: 65_535 }),
    /** DNS servers for guests with nat; empty for the host's own. */
    upstream: parsedList(parsers.upstream),
    /** Whether systemd-resolved is pointed at the zone "vm". */
    route_resolver: flag(true),
  });
  return Object.freeze({
    bridge: settings.bridge,
    pool: settings.pool,
    warmTaps: settings.tap_pool,
    dnsPort: settings.dns_port,
    guestDnsPort: settings.guest_dns_port,
    upstream: settings.upstream,
    routeResolver: settings.route_resolver,
    rootdRemedy: mode === 'local' ? 'banger daemon start --bridge' : 'systemctl start banger-rootd',
    file,
  });
}

function parsed<Value>(parse: (text: string) => Value, fallback: string): Setting<Value> {
  return { fallback: parse(fallback), parse: (value) => parse(text('').parse(value)) };
}

function parsedList<Value>(parse: (text: string) => Value): Setting<readonly Value[]> {
  return { fallback: [], parse: (value) => texts([]).parse(value).map(parse) };
}

/** rootd refuses any other; 15 bytes are all that the kernel has for a name. */
function bridgeName(fallback: string): Setting<string> {
  return {
    fallback,
    parse: (value) => {
      const name = text('').parse(value);
      if (/^br-banger(?:-[a-z0-9]{1,5})?$/.test(name)) return name;
      throw new Error('"br-banger", or "br-banger-" and up to 5 of a-z and 0-9, is wanted');
    },
  };
}
