// Mustache: `{{x}}` escapes what it puts into HTML.

let headTemplate = """
  <!doctype html>
  <html lang="{{language}}">
  <head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{{title}}</title>
  <meta name="description" content="{{description}}">
  <link rel="stylesheet" href="{{toRoot}}style.css">
  <link rel="alternate" hreflang="{{twinLanguage}}" href="{{twin}}">
  <link rel="alternate" type="application/ld+json" href="{{toRoot}}catalog.jsonld" title="DCAT">
  <link rel="alternate" type="text/turtle" href="{{toRoot}}catalog.ttl" title="DCAT">
  </head>
  <body>
  {{#trial}}<p class="trial">{{trial}}</p>
  {{/trial}}
  <header><a class="site" href="{{home}}">{{siteTitle}}</a> <a class="twin" lang="{{twinLanguage}}" hreflang="{{twinLanguage}}" href="{{twin}}">{{twinName}}</a></header>

  """

let footTemplate = """
  <footer><p>{{publisher}}</p><p>{{catalogWord}} <a href="{{toRoot}}catalog.jsonld">DCAT (JSON-LD)</a> · <a href="{{toRoot}}catalog.ttl">DCAT (Turtle)</a> · <a href="{{toRoot}}metadata/timestamp.json">TUF</a></p></footer>
  </body>
  </html>

  """

let indexTemplate = """
  {{> head}}
  <main>
  <h1>{{siteTitle}}</h1>
  <p class="summary">{{siteDescription}}</p>
  <p class="count">{{datasetCount}}</p>
  <ul class="datasets">
  {{#datasets}}
  <li><h2><a href="{{address}}">{{title}}</a></h2>
  <p>{{description}}</p>
  <p class="meta"><span class="badge {{accessClass}}">{{access}}</span> <span>{{department}}</span> <span>{{domain}}</span> <span>{{frequency}}</span>{{#updated}} <span>{{updated}}</span>{{/updated}}{{#rows}} <span>{{rows}}</span>{{/rows}}</p></li>
  {{/datasets}}
  </ul>
  </main>
  {{> foot}}
  """

let datasetTemplate = """
  {{> head}}
  <main>
  <h1>{{heading}}</h1>
  <p class="meta"><span class="badge {{accessClass}}">{{access}}</span></p>
  <p class="summary">{{summary}}</p>
  <dl class="facts">
  {{#facts}}
  <div><dt>{{name}}</dt><dd>{{value}}</dd></div>
  {{/facts}}
  </dl>
  {{#conditions}}
  <h2>{{heading}}</h2>
  <p>{{text}}</p>
  {{/conditions}}
  {{#downloads}}
  <h2>{{heading}}</h2>
  <table class="stack">
  <thead><tr><th scope="col">{{fileWord}}</th><th scope="col">{{sizeWord}}</th><th scope="col">{{digestWord}}</th></tr></thead>
  <tbody>
  {{#files}}
  <tr><td><a href="{{address}}" download>{{name}}</a><br><small>{{kind}}</small></td><td class="number">{{size}}</td><td><code class="digest">{{digest}}</code></td></tr>
  {{/files}}
  </tbody>
  </table>
  <p>{{stable}}<a href="{{stableAddress}}"><code>{{stablePath}}</code></a></p>
  <p class="hint">{{folderHint}} <code>{{folder}}</code></p>
  {{/downloads}}
  {{#columns}}
  <h2>{{heading}}</h2>
  <table class="stack">
  <thead><tr><th scope="col">{{nameWord}}</th><th scope="col">{{titleWord}}</th><th scope="col">{{typeWord}}</th><th scope="col">{{ruleWord}}</th></tr></thead>
  <tbody>
  {{#items}}
  <tr><td class="short"><code>{{column}}</code></td><td>{{meaning}}{{#unit}} <small>({{unit}})</small>{{/unit}}{{#note}}<br><small>{{note}}</small>{{/note}}</td><td class="short">{{type}}</td><td>{{rules}}</td></tr>
  {{/items}}
  </tbody>
  </table>
  {{/columns}}
  {{#versions}}
  <h2>{{heading}}</h2>
  <ol class="versions">
  {{#items}}
  <li>{{#address}}<a href="{{address}}">{{version}}</a>{{/address}}{{^address}}{{version}}{{/address}} <time>{{date}}</time> <small>{{release}}</small><br>{{what}}</li>
  {{/items}}
  </ol>
  {{/versions}}
  <h2>{{useHeading}}</h2>
  <dl class="facts">
  {{#use}}
  <div><dt>{{name}}</dt><dd>{{#address}}<a href="{{address}}">{{value}}</a>{{/address}}{{^address}}{{value}}{{/address}}</dd></div>
  {{/use}}
  </dl>
  </main>
  {{> foot}}
  """

let stylesheet = """
  :root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6675; --line: #d9dfe7; --paper: #fff; --wash: #f4f6f9; --accent: #0b5cad; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6ebf2; --soft: #a3afbf; --line: #37414f; --paper: #141a22; --wash: #1c242e; --accent: #7db8f5; } }
  * { box-sizing: border-box; }
  body { margin: 0 auto; max-width: 60rem; padding: 0 1rem 3rem; font: 16px/1.65 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif; color: var(--ink); background: var(--paper); }
  a { color: var(--accent); text-underline-offset: .15em; }
  header { display: flex; justify-content: space-between; gap: 1rem; padding: 1rem 0; border-bottom: 1px solid var(--line); }
  header .site { font-weight: 600; color: inherit; text-decoration: none; }
  .trial { margin: 0 -1rem; padding: .5rem 1rem; background: #fff3cd; color: #5c4500; font-size: .9rem; }
  h1 { font-size: 1.7rem; line-height: 1.3; margin: 1.5rem 0 .5rem; }
  h2 { font-size: 1.2rem; margin: 2.2rem 0 .6rem; }
  .summary { font-size: 1.05rem; }
  .count, .hint, small, footer { color: var(--soft); }
  .datasets { list-style: none; padding: 0; }
  .datasets li { padding: 1rem 0; border-top: 1px solid var(--line); }
  .datasets h2 { margin: 0; }
  .datasets p { margin: .3rem 0; }
  .meta span { margin-right: .8rem; color: var(--soft); font-size: .9rem; white-space: nowrap; display: inline-block; }
  .meta .badge { color: #fff; background: #1a7f4b; border-radius: .3rem; padding: 0 .5rem; }
  .meta .badge.conditional { background: #9a5b00; }
  .meta .badge.closed { background: #64707f; }
  .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: .2rem 1.5rem; margin: 1rem 0; }
  .facts dt { color: var(--soft); font-size: .85rem; }
  .facts dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
  table { border-collapse: collapse; width: 100%; }
  th, td { text-align: left; vertical-align: top; padding: .5rem .7rem .5rem 0; border-bottom: 1px solid var(--line); }
  th { color: var(--soft); font-weight: 500; font-size: .9rem; }
  .number, .short { white-space: nowrap; }
  code { font: .88em/1.5 "JetBrains Mono", "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
  .versions { padding-left: 0; list-style: none; }
  .versions li { padding: .5rem 0; border-bottom: 1px solid var(--line); }
  footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .9rem; }
  footer p { margin: .2rem 0; }
  @media (max-width: 40rem) {
    .stack thead { position: absolute; left: -999rem; }
    .stack tr { display: block; padding: .5rem 0; border-bottom: 1px solid var(--line); }
    .stack td { display: block; border: 0; padding: .1rem 0; }
  }

  """
