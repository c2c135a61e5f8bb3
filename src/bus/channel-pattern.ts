/** Whether a channel name is a pattern. `*` stands for any run of characters, also none; nothing else is special. */
export function isPattern(channel: string): boolean {
  return channel.includes('*');
}

/** Whether a channel is one that `pattern` stands for. */
export function patternMatcher(pattern: string): (channel: string) => boolean {
  const expression = new RegExp(`^${pattern.split('*').map(RegExp.escape).join('.*')}$`, 's');
  return (channel) => expression.test(channel);
}

/** The same pattern for Redis, to which `?`, `[`, `]`, `^` and `\` are special too. */
export function redisGlob(pattern: string): string {
  return pattern.replaceAll(/[?[\]^\\]/g, '\\$&');
}
