// Preloaded by a process whose wall clock is to jump: at each SIGUSR2 it is off by the next of so many hours. As when
// an operating system's clock is set, all that asks for the date sees it, and monotonic time goes on as it was.
const HOUR_MS = 3_600_000;
const RealDate = Date;
const jumpsH = (process.env['CLOCK_JUMPS_H'] ?? '0').split(',').map(Number);
let jumped = 0;
let offsetMs = 0;

const now = (): number => RealDate.now() + offsetMs;

process.on('SIGUSR2', () => {
  offsetMs = (jumpsH[jumped % jumpsH.length] ?? 0) * HOUR_MS;
  jumped += 1;
});

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [now()] : args, made),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
