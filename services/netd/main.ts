import { admitUsers } from '#kit/admission.ts';
import { runService } from '#kit/service.ts';
import { checkHost } from './domain/check-host.ts';
import { networkService } from './rpc.ts';

await runService('netd', async (service) => ({
  ...admitUsers(service, process.getuid?.() ?? 0),
  rpcs: [networkService()],
  facts: { schemaVersion: 0, checkHost },
}));
