import { admitUsers } from '#kit/admission.ts';
import { operationService } from '#kit/operation-service.ts';
import { createOperations } from '#kit/operations.ts';
import { runService } from '#kit/service.ts';
import { checkHost } from './domain/check-host.ts';
import { imageService, kernelService } from './rpc.ts';

await runService('imaged', async (service) => {
  const operations = createOperations(service.now);
  return {
    ...admitUsers(service, process.getuid?.() ?? 0),
    rpcs: [imageService(), kernelService(), operationService(operations)],
    facts: { schemaVersion: 0, checkHost },
  };
});
