/** What somebody signs in with, of what its user agent says: `Firefox · Linux`. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/[\d.]+.*Safari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/\b(?:iPhone|iPad)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

/** In its own words where nothing is known of it; `` where it says nothing. */
export function deviceOf(userAgent: string): string {
  const known = (among: [RegExp, string][]): string | undefined => among.find(([like]) => like.test(userAgent))?.[1]
  const told = [known(BROWSERS), known(SYSTEMS)].filter((one) => one !== undefined)
  return told.length ? told.join(' · ') : userAgent
}

export function isHandheld(userAgent: string): boolean {
  return /\b(?:Mobile|iPhone|iPad|Android)\b/.test(userAgent)
}
