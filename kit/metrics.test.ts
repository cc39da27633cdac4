import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('calls are counted by method and status, with the time they took', () => {
  const metrics = createMetrics('vmd');
  metrics.countCall('/a', 'OK', 500);
  metrics.countCall('/a', 'OK', 1000);
  metrics.countCall('/a', 'NOT_FOUND', 1);
  const text = metrics.format();
  assert.match(text, /^banger_calls_total\{service="vmd",method="\/a",status="OK"\} 2$/m);
  assert.match(text, /^banger_calls_total\{service="vmd",method="\/a",status="NOT_FOUND"\} 1$/m);
  assert.match(text, /^banger_call_seconds_total\{.*status="OK"\} 1\.5$/m);
});

test('a figure is read when it is asked for', () => {
  const metrics = createMetrics('vmd');
  let vms = 1;
  metrics.gauge('banger_vms', 'Virtual machines.', () => vms);
  vms = 7;
  assert.match(
    metrics.format(),
    /^# HELP banger_vms Virtual machines\.\n# TYPE banger_vms gauge$/m,
  );
  assert.match(metrics.format(), /^banger_vms\{service="vmd"\} 7$/m);
});

test('every line is one of the format of Prometheus', () => {
  const metrics = createMetrics('vmd');
  metrics.countCall('/a', 'OK', 1);
  const line =
    /^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\} [0-9.e+-]+)$/;
  for (const each of metrics.format().trimEnd().split('\n')) assert.match(each, line);
  assert.match(metrics.format(), /banger_process_resident_memory_bytes\{service="vmd"\} \d{7,}/);
});
