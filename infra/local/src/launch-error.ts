/** A fault whose message is one plain sentence for the person at the terminal; anything else is a bug. */
export class LaunchError extends Error {
  override readonly name = 'LaunchError';
}

/** Says what to do about faults of the machine; others stay what they are. */
export function explain(fault: unknown): string {
  if (fault instanceof LaunchError) return fault.message;
  const code = (fault as NodeJS.ErrnoException | undefined)?.code;
  const path = (fault as NodeJS.ErrnoException | undefined)?.path;
  const where = path === undefined ? '' : ` (${path})`;
  if (code === 'ENOSPC') return `The disk is full${where}: free some space and start again.`;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return `This user may not write here${where}: use a folder of your own, or change its owner.`;
  if (code === 'EMFILE' || code === 'ENFILE')
    return 'Too many files are open: raise the limit (`ulimit -n 4096`) and start again.';
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}
