/** sd_listen_fds(3): sockets that systemd opened follow the three standard streams. */
const FIRST_DESCRIPTOR = 3;

/**
 * The listening socket that systemd opened for this service and keeps while the service restarts, so that nobody is
 * ever refused. The variables are taken out of the environment: a process started from here is not meant by them.
 */
export function takeHandedSocket(env: NodeJS.ProcessEnv, pid: number): number | undefined {
  const { LISTEN_PID, LISTEN_FDS } = env;
  delete env.LISTEN_PID;
  delete env.LISTEN_FDS;
  delete env.LISTEN_FDNAMES;
  return LISTEN_PID === String(pid) && LISTEN_FDS === '1' ? FIRST_DESCRIPTOR : undefined;
}
