/// How pages for officers look, on a screen and on paper; the same in all.
let pageStyle = """
  :root { color-scheme: light dark; --ink: #17202b; --soft: #5a6675; --line: #d8dee6; --paper: #fff; --wash: #f4f6f9; --bad: #b3261e; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6ebf2; --soft: #a3afbf; --line: #37414f; --paper: #141a22; --wash: #1c242e; --bad: #ff8a80; } }
  body { margin: 0 auto; max-width: 78rem; padding: 1rem 1.25rem 3rem; color: var(--ink); background: var(--paper); font: 15px/1.55 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
  .language { position: absolute; opacity: 0; }
  .choice { display: inline-block; padding: .1rem .7rem; border: 1px solid var(--line); border-radius: 1rem; cursor: pointer; }
  .language:focus-visible + .choice { outline: 2px solid var(--ink); }
  .language:checked + .choice { background: var(--wash); font-weight: 600; }
  section { display: none; }
  #zh:checked ~ section.zh, #en:checked ~ section.en { display: block; }
  h1 { margin: 1rem 0 0; font-size: 1.5rem; } h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; }
  .soft, small { color: var(--soft); }
  .counts { display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; list-style: none; }
  .counts li { min-width: 8rem; padding: .6rem 1rem; background: var(--wash); border-radius: .5rem; }
  .counts b { display: block; font-size: 1.6rem; line-height: 1.2; }
  .scroll { overflow-x: auto; }
  table { width: 100%; border-collapse: collapse; } th, td { padding: .45rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
  th { font-weight: 600; white-space: nowrap; background: var(--wash); } td.when { white-space: nowrap; }
  .late, .bad { color: var(--bad); font-weight: 600; }
  td p { margin: 0; overflow-wrap: anywhere; min-width: 12rem; }
  @media print { .choice { display: none; } body { font-size: 11px; } }
  """

/// A page for officers: a section in each language, of which the reader chooses one; no script, and nothing from elsewhere.
///
/// - Parameters:
///   - title: a Mustache template, of the page's values; both languages share it.
///   - section: a Mustache template, of one language's values.
func pageTemplate(title: String, section: String) -> String {
  """
  <!doctype html>
  <html lang="zh-CN">
  <head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="robots" content="noindex">
  <title>\(title)</title>
  <style>
  {{&style}}
  </style>
  </head>
  <body>
  {{#languages}}<input class="language" type="radio" name="language" id="{{id}}" {{checked}}><label class="choice" lang="{{tag}}" for="{{id}}">{{name}}</label>
  {{/languages}}
  {{#languages}}
  <section class="{{id}}" lang="{{tag}}">
  \(section)
  </section>
  {{/languages}}
  </body>
  </html>

  """
}
