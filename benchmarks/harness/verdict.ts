import type { Figure, Measure, PeerFigure } from './document.ts';

export type Verdict = 'not met' | 'met' | 'stretch met' | '–';

/** How a figure stands to its target. */
export function verdictOf({ ratio, target }: Pick<Figure, 'ratio' | 'target'>): Verdict {
  if (target === undefined) return '–';
  if (target.stretch !== undefined && ratio.median >= target.stretch) return 'stretch met';
  return ratio.median >= target.minimum ? 'met' : 'not met';
}

export function verdictOfMeasure({ value, target }: Pick<Measure, 'value' | 'target'>): Verdict {
  if (target === undefined) return '–';
  const reached = target.kind === 'at least' ? value.median >= target.value : value.median <= target.value;
  return reached ? 'met' : 'not met';
}

/** What is aimed at beside the peers, each as a measure: the least of the ratios that it is about. */
export function peerTargets(peers: readonly PeerFigure[]): readonly Measure[] {
  const least = (name: string, title: string, value: number, chosen: readonly PeerFigure[]): readonly Measure[] => {
    const ranked = chosen
      .flatMap((peer) => (peer.ratio ? [{ name: peer.name, ratio: peer.ratio }] : []))
      .sort((left, right) => left.ratio.median - right.ratio.median);
    const [nearest] = ranked;
    if (nearest === undefined) return [];
    const target = { kind: 'at least', value } as const;
    return [
      { name, title: `${title}: ${nearest.name}`, value: nearest.ratio, unit: 'times as fast', target, notes: [] },
    ];
  };
  const events = peers.filter(({ job }) => job.startsWith('Single run, event by event'));
  const sweeps = peers.filter(({ job }) => job.startsWith('Sweep'));
  const named = (prefix: string): readonly PeerFigure[] => sweeps.filter(({ name }) => name.startsWith(prefix));
  return [
    ...least('peer-event', 'Event engine against the fastest event-driven peer', 10, events),
    ...least('peer-vectorbt', 'Sweep against vectorbt', 10, named('vectorbt')),
    ...least('peer-raptorbt', 'Sweep against RaptorBT', 1, named('RaptorBT')),
  ];
}
