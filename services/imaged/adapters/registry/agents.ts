import http, { type ProxyEnv } from 'node:http';
import https from 'node:https';
import { BangerError } from '#kit/errors.ts';
import { isLoopback } from './loopback.ts';
import { trustedCertificates } from './trusted-certificates.ts';

export type AgentOptions = {
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case, as the service's config read them. */
  readonly proxyEnv?: ProxyEnv;
  /** PEM files to trust besides the host's own: SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. */
  readonly caFiles?: readonly string[];
};

/** The connections kept open between exchanges. */
export type Agents = { for(url: URL): http.Agent; destroy(): void };

export function createAgents({ proxyEnv, caFiles = [] }: AgentOptions): Agents {
  const made = new Map<string, http.Agent>();
  return {
    for(url) {
      // No proxy can reach this machine's own loopback addresses.
      const isProxied = proxyEnv !== undefined && !isLoopback(url);
      const key = `${url.protocol} ${isProxied}`;
      const agent = made.get(key) ?? createAgent(url, isProxied ? proxyEnv : undefined, caFiles);
      made.set(key, agent);
      return agent;
    },
    destroy() {
      for (const agent of made.values()) agent.destroy();
    },
  };
}

function createAgent(
  url: URL,
  proxyEnv: ProxyEnv | undefined,
  caFiles: readonly string[],
): http.Agent {
  checkProxies(proxyEnv ?? {});
  const options = { keepAlive: true, proxyEnv };
  if (url.protocol === 'http:') return new http.Agent(options);
  return new https.Agent({ ...options, secureContext: trustedCertificates(caFiles) });
}

/** Node passes over a proxy it cannot use and would go around it, which is not for us to decide. */
function checkProxies(proxyEnv: ProxyEnv): void {
  for (const [name, value = ''] of Object.entries(proxyEnv)) {
    if (!/^https?_proxy$/i.test(name) || value === '') continue;
    // The value stays out of the message: there may be a password in it.
    if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) continue;
    throw new BangerError(
      'HOST_NOT_READY',
      `${name} must be an http or https URL; correct it and restart imaged`,
    );
  }
}
