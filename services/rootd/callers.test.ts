import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RootServiceDefinition } from '#proto/banger/v1/root.ts';
import { callerOf } from './callers.ts';

const path = (method: string) => `/banger.v1.RootService/${method}`;

test('each root operation has one caller', () => {
  for (const { name } of Object.values(RootServiceDefinition.methods)) {
    assert.ok(['vmd', 'netd'].includes(callerOf(path(name)) ?? ''), name);
  }
});

test('what concerns the network is for netd, and what concerns processes for vmd', () => {
  for (const method of ['EnsureBridge', 'CreateTaps', 'ApplyRules', 'SetResolver']) {
    assert.equal(callerOf(path(method)), 'netd');
  }
  for (const method of ['LaunchVmm', 'SignalVmm', 'ReapVmm']) {
    assert.equal(callerOf(path(method)), 'vmd');
  }
});

test('what is no root operation has no caller, however alike its name', () => {
  const others = [path('launchVmm'), path('LaunchVm'), path(''), path('toString'), '/LaunchVmm'];
  for (const other of [...others, '/banger.v1.InfoService/GetInfo', path('LaunchVmm/')]) {
    assert.equal(callerOf(other), undefined, other);
  }
});
