// The page's look: light and dark by the reader's preference, readable on paper. No font, script or picture from
// anywhere else.

export const style = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2430; --soft: #5a6675; --line: #d9dee5; --panel: #f5f7f9;
  --good: #1a7f4b; --bad: #c0352b; --warn: #9a6700; --act: #2f6fb5; --look: #9fb4c9; --up: #bfe3cd; --gap: #f3c9c5; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181e; --ink: #e4e8ee; --soft: #9aa7b5; --line: #2d3642;
  --panel: #1c222b; --good: #4cc38a; --bad: #ff7b6e; --warn: #e0b44c; --act: #6ea8e6; --look: #4b6078; --up: #235a3e; --gap: #5a2522; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2rem 1.5rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
h3 { font-size: 1rem; margin: 1.4rem 0 .4rem; color: var(--soft); }
p { margin: .4rem 0; } .soft { color: var(--soft); }
.status { display: inline-block; font-weight: 600; padding: .15rem .7rem; border-radius: 1rem; border: 1px solid currentColor; }
.succeeded.status, .pass { color: var(--good); } .halted.status, .failed.status, .aborted.status, .fail { color: var(--bad); }
.awaiting-operator.status, .warn, .unknown { color: var(--warn); } .running.status { color: var(--act); }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.45rem; line-height: 1.3; } .card span { color: var(--soft); font-size: .87rem; display: block; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; } th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: 600; font-size: .87rem; white-space: nowrap; }
code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: .35rem; padding: .5rem .7rem; margin: .35rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.step { border-left: 3px solid var(--line); padding: .1rem 0 .1rem .9rem; margin: .8rem 0; break-inside: avoid; }
.step.succeeded { border-color: var(--good); } .step.failed { border-color: var(--bad); } .step.unknown, .step.undone, .step.awaiting-approval { border-color: var(--warn); }
.step .head { display: flex; gap: .8rem; justify-content: space-between; flex-wrap: wrap; } .step .head b { font-weight: 600; }
.halt { border: 1px solid var(--bad); border-radius: .5rem; padding: .6rem 1rem; margin: .8rem 0; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font-size: 11.5px; } svg .tick { fill: var(--soft); font-size: 11px; }
svg .grid { stroke: var(--line); } svg .bar { fill: var(--act); } svg .bar.gate { fill: var(--look); } svg .bar.failed { fill: var(--bad); }
svg .bar.unknown, svg .bar.undone, svg .bar.awaiting-approval { fill: var(--warn); } svg .up { fill: var(--up); } svg .down { fill: var(--bad); }
svg .gap { fill: var(--gap); } svg polyline { fill: none; stroke-linejoin: round; } svg .median { stroke: var(--act); stroke-width: 1.8; } svg .slowest { stroke: var(--look); stroke-width: 1.2; }
.log { margin: .8rem 0; } .pass, .warn, .fail, .unknown { font-weight: 600; } td > span.pass, td > span.warn, td > span.fail, td > span.unknown { white-space: nowrap; } td { font-size: .93rem; } .journal td, .compared td { font-size: .87rem; }
.compared th:nth-child(n+3) { width: 36%; } .times td:nth-child(n+3), .times th:nth-child(n+3) { white-space: nowrap; font-variant-numeric: tabular-nums; }
.next td:first-child, .journal td:nth-child(-n+3), .decisions td:first-child { white-space: nowrap; }
.key { font-size: .87rem; color: var(--soft); } .key i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin: 0 .35rem 0 1rem; vertical-align: -1px; }
summary { cursor: pointer; overflow-wrap: anywhere; margin: .35rem 0; }
@page { margin: 14mm 12mm; }
@media print { * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --panel: #f5f7f9; --good: #1a7f4b; --bad: #c0352b; --warn: #9a6700;
    --act: #2f6fb5; --look: #9fb4c9; --up: #bfe3cd; --gap: #f3c9c5; }
  :root { font-size: 11px; } body { max-width: none; padding: 0; font-size: 11px; } code, pre { font-size: 9px; } h2, h3 { break-after: avoid; } h2 { margin-top: 1.4rem; }
  tr, .card, .halt, svg, .log > p { break-inside: avoid; } thead { display: table-header-group; } .step { break-inside: auto; } .step .head { break-after: avoid; }
  .cards { grid-template-columns: repeat(3, 1fr); } .card b { font-size: 1.2rem; } }
`;
