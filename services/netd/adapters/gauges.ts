import type { Metrics } from '#kit/metrics.ts';
import type { Netd } from '../domain/ports.ts';

export function addGauges(metrics: Metrics, { bridge, dns, taps, zone }: Netd): void {
  metrics.gauge('banger_bridge_open', 'Whether bridged networking works.', () =>
    Number(bridge.isOpen),
  );
  metrics.gauge('banger_taps_ready', 'Taps in stock.', () => taps.ready);
  metrics.gauge('banger_taps_leased', 'Taps that belong to a VM.', () => taps.used);
  metrics.gauge('banger_dns_names', 'Names of the zone "vm".', () => zone.size);
  metrics.gauge(
    'banger_dns_questions',
    'DNS questions since the service started.',
    () => dns.state().questions,
  );
}
