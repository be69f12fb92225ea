internal import Export
internal import Mustache
internal import Publication
internal import TableSchema
internal import Tabular

/// The pages for people.
///
/// Links are relative, so that they work wherever the site is served from.
struct Pages {
  private let site: Site
  private let isTrial: Bool
  private let library: MustacheLibrary

  init(site: Site, isTrial: Bool) throws {
    self.site = site
    self.isTrial = isTrial
    library = MustacheLibrary(templates: [
      "head": try MustacheTemplate(string: headTemplate), "foot": try MustacheTemplate(string: footTemplate),
      "index": try MustacheTemplate(string: indexTemplate), "dataset": try MustacheTemplate(string: datasetTemplate),
    ])
  }

  func index(_ entries: [CatalogEntry], in language: Language) -> [UInt8] {
    let text = PageText(language: language)
    var page = frame(
      title: site.title[language], description: site.description[language], language: language,
      path: language == .zh ? "" : "en/",
      twin: language == .zh ? "en/" : "../")
    page["datasetCount"] = text["共 \(entries.count) 个数据集", "\(entries.count) datasets"]
    page["datasets"] = entries.map { entry -> [String: Any] in
      let dataset = entry.dataset
      var item: [String: Any] = [
        "address": "datasets/\(dataset.id)/", "title": dataset.title[language],
        "description": dataset.description[language],
        "department": dataset.department.name[language], "domain": dataset.domain[language],
        "access": text.access(dataset.access),
        "accessClass": dataset.access.rawValue, "frequency": text.frequency(dataset.frequency),
      ]
      if let release = entry.releases.first {
        item["updated"] = text["更新于 \(release.release.date)", "updated \(release.release.date)"]
        item["rows"] = text["\(text.count(release.rowCount)) 行", "\(text.count(release.rowCount)) rows"]
      }
      return item
    }
    return render("index", page)
  }

  /// - Parameter withdrawal: the dataset was taken back, and came again.
  func dataset(_ entry: CatalogEntry, withdrawal: Withdrawal?, in language: Language) -> [UInt8] {
    let text = PageText(language: language)
    let dataset = entry.dataset
    let path = "\(language == .zh ? "" : "en/")datasets/\(dataset.id)/"
    let toRoot = String(repeating: "../", count: path.pathParts.count { !$0.isEmpty })
    var page = frame(
      title: dataset.title[language], description: dataset.description[language], language: language, path: path,
      twin: "\(toRoot)\(language == .zh ? "en/" : "")datasets/\(dataset.id)/")
    page["home"] = language == .zh ? toRoot : "\(toRoot)en/"
    page["heading"] = dataset.title[language]
    page["summary"] = dataset.description[language]
    page["access"] = text.access(dataset.access)
    page["accessClass"] = dataset.access.rawValue
    page["facts"] = facts(entry, text)
    if let conditions = dataset.conditions, dataset.access != .unconditional {
      page["conditions"] = [
        "heading": dataset.access == .conditional ? text["开放条件", "Conditions"] : text["不开放的原因", "Why it is not open"],
        "text": conditions[language],
      ]
    }
    if let release = entry.releases.first {
      page["downloads"] = downloads(release, text, toRoot: toRoot)
      page["versions"] =
        ["heading": text["版本记录", "Versions"], "items": versions(entry.releases, withdrawal, text, toRoot: toRoot)]
        as [String: Any]
    }
    if let schema = entry.schema { page["columns"] = columns(schema, text) }
    page["useHeading"] = text["使用与联系", "Use and contact"]
    page["use"] = use(dataset, text)
    return render("dataset", page)
  }

  /// What is left of a dataset that was taken back.
  func withdrawal(_ withdrawal: Withdrawal, in language: Language) -> [UInt8] {
    let text = PageText(language: language)
    let path = "\(language == .zh ? "" : "en/")datasets/\(withdrawal.dataset)/"
    let toRoot = String(repeating: "../", count: path.pathParts.count { !$0.isEmpty })
    let summary = text["该数据集已撤回,不再提供下载。", "This dataset was withdrawn, and cannot be downloaded any more."]
    var page = frame(
      title: withdrawal.title[language], description: summary, language: language, path: path,
      twin: "\(toRoot)\(language == .zh ? "en/" : "")datasets/\(withdrawal.dataset)/")
    page["home"] = language == .zh ? toRoot : "\(toRoot)en/"
    page["heading"] = withdrawal.title[language]
    page["summary"] = summary
    page["access"] = text["已撤回", "Withdrawn"]
    page["accessClass"] = "closed"
    page["facts"] = [
      ["name": text["撤回时间", "Withdrawn"], "value": withdrawal.at.date.description],
      ["name": text["原因", "Why"], "value": withdrawal.reason[language]],
    ]
    page["useHeading"] = text["联系", "Contact"]
    page["use"] = [
      [
        "name": site.contact.name[language], "value": site.contact.email ?? site.contact.telephone ?? "",
        "address": site.contact.email.map { "mailto:\($0)" } ?? "",
      ]
    ]
    return render("dataset", page)
  }

  /// What every page has.
  private func frame(title: String, description: String, language: Language, path: String, twin: String) -> [String:
    Any]
  {
    let text = PageText(language: language)
    let toRoot = String(repeating: "../", count: path.pathParts.count { !$0.isEmpty })
    var page: [String: Any] = [
      "language": language.tag, "title": title, "siteTitle": site.title[language],
      "siteDescription": site.description[language],
      "description": description, "toRoot": toRoot, "twin": twin, "twinName": text["English", "中文"],
      "twinLanguage": language == .zh ? "en" : "zh-CN",
      "home": language == .zh ? toRoot : "\(toRoot)en/",
      "publisher": text["发布单位:", "Published by "] + site.publisher[language],
      "catalogWord": text["机器可读目录:", "For machines:"],
    ]
    if isTrial {
      page["trial"] =
        text[
          "试运行:本站使用试用签名密钥,数据与签名仅供测试。",
          "Trial: this site is signed with trial keys; data and signatures are for testing only."]
    }
    return page
  }

  private func facts(_ entry: CatalogEntry, _ text: PageText) -> [[String: Any]] {
    let dataset = entry.dataset
    var facts: [(String, String)] = [
      (text["提供单位", "Department"], dataset.department.name[text.language]),
      (text["数据领域", "Domain"], dataset.domain[text.language]),
      (text["更新频率", "Update frequency"], text.frequency(dataset.frequency)),
      (text["开放对象", "Open to"], dataset.audience.map(text.audience).joined(separator: text["、", ", "])),
    ]
    if let release = entry.releases.first {
      facts.append((text["最近更新", "Last update"], release.release.date.description))
      facts.append((text["首次发布", "First release"], firstDay(entry.releases, release).description))
      facts.append((text["版本", "Version"], "\(release.version) (\(release.release))"))
      facts.append((text["数据量", "Rows"], text["\(text.count(release.rowCount)) 行", text.count(release.rowCount)]))
    }
    if let basis = dataset.legalBasis { facts.append((text["依据", "Legal basis"], basis[text.language])) }
    let keywords = dataset.keywords[text.language] ?? []
    if !keywords.isEmpty { facts.append((text["关键字", "Keywords"], keywords.joined(separator: text["、", ", "]))) }
    return facts.map { ["name": $0.0, "value": $0.1] }
  }

  /// The day of the first release that is there; of a dataset that was taken back, of the first there ever was.
  private func firstDay(_ releases: [ReleaseRecord], _ newest: ReleaseRecord) -> CivilDate {
    let first = releases.last ?? newest
    let isContinued = first.json["change"]?["level"]?.text != "first"
    return isContinued ? first.issued.date : first.release.date
  }

  private func downloads(_ release: ReleaseRecord, _ text: PageText, toRoot: String) -> [String: Any] {
    let files = (release.json["files"]?.elements ?? []).map { file -> [String: Any] in
      let name = file["path"]?.text ?? ""
      let kind =
        switch name {
        case "data.csv.gz": text["表格数据 (CSV, gzip)", "Table (CSV, gzip)"]
        case "data.zip": text["可用 Excel 打开的表格 (CSV, zip)", "Table for Excel (CSV, zip)"]
        case "data.json.gz": text["表格数据 (JSON, gzip)", "Table (JSON, gzip)"]
        case "croissant.json": text["机器学习描述 (Croissant)", "For machine learning (Croissant)"]
        default: text["数据包描述 (Data Package)", "Description (Data Package)"]
        }
      return [
        "name": name, "kind": kind, "address": "\(toRoot)data/\(release.folder)/\(name)",
        "size": text.size(file["length"]?.integer ?? 0),
        "digest": file["sha256"]?.text ?? "",
      ]
    }
    return [
      "heading": text["下载", "Downloads"], "fileWord": text["文件", "File"], "sizeWord": text["大小", "Size"],
      "digestWord": text["校验值 (SHA-256)", "Digest (SHA-256)"], "files": files,
      "stable": text["始终指向最新版的地址:", "The newest version is always at "],
      "stableAddress": "\(toRoot)data/\(release.dataset)/latest/data.csv.gz",
      "stablePath": "data/\(release.dataset)/latest/", "folder": "data/\(release.folder)/",
      "folderHint": text[
        "整个版本目录是一个 Data Package,可直接用 pandas、DuckDB、frictionless 打开。",
        "The release's folder is a Data Package; pandas, DuckDB and frictionless open it as it is."],
    ]
  }

  private func columns(_ schema: Schema, _ text: PageText) -> [String: Any] {
    let items = schema.fields.map { field -> [String: Any] in
      var rules: [String] = []
      let limits = field.constraints
      if limits.required { rules.append(text["必填", "required"]) }
      if limits.unique || schema.primaryKey == [field.name] { rules.append(text["唯一", "unique"]) }
      if let least = limits.minimum { rules.append("≥ \(least)") }
      if let most = limits.maximum { rules.append("≤ \(most)") }
      if let values = limits.enumeration {
        rules.append(
          text["取值:", "one of: "] + values.prefix(12).joined(separator: text["、", ", "])
            + (values.count > 12 ? " …" : ""))
      }
      // A member that is empty is left out; no name here is one of the page's own, which it would fall back to.
      var item: [String: Any] = [
        "column": field.name, "type": text.type(field.type.name), "rules": rules.joined(separator: text[";", "; "]),
      ]
      item["meaning"] = field.title?[text.language]
      item["unit"] = field.unit
      item["note"] = field.description?[text.language]
      return item
    }
    return [
      "heading": text["数据项", "Columns"], "nameWord": text["列名", "Name"], "titleWord": text["含义", "Meaning"],
      "typeWord": text["类型", "Type"],
      "ruleWord": text["规则", "Rules"], "items": items,
    ]
  }

  private func versions(
    _ releases: [ReleaseRecord], _ withdrawal: Withdrawal?, _ text: PageText, toRoot: String
  ) -> [[String: Any]] {
    // What was taken back stays in the record, with what it was: releases go on after it.
    let taken = (withdrawal?.asPast ?? []).map { past in
      (
        release: past.lastRelease,
        item: [
          "release": past.lastRelease.description, "version": past.lastVersion?.description ?? "",
          "date": past.at.date.description, "what": text["撤回:", "withdrawn: "] + past.reason[text.language],
        ] as [String: Any]
      )
    }
    return (releases.map { ($0.release, version($0, text, toRoot: toRoot)) } + taken.map { ($0.release, $0.item) })
      .sorted { $0.0 > $1.0 }.map(\.1)
  }

  private func version(_ release: ReleaseRecord, _ text: PageText, toRoot: String) -> [String: Any] {
    let change = release.json["change"]
    let reasons = (change?["reasons"]?.elements ?? []).map {
      text.reason($0["code"]?.text ?? "", $0["subject"]?.text)
    }
    var counts: [String] = []
    if let rows = change?["rows"], change?["level"]?.text != "first" {
      if let added = rows["added"]?.integer, added > 0 {
        counts.append(text["新增 \(text.count(added)) 行", "\(text.count(added)) rows added"])
      }
      if let removed = rows["removed"]?.integer, removed > 0 {
        counts.append(text["删除 \(text.count(removed)) 行", "\(text.count(removed)) rows removed"])
      }
      if let changed = rows["changed"]?.integer, changed > 0 {
        counts.append(text["更正 \(text.count(changed)) 行", "\(text.count(changed)) rows changed"])
      }
    }
    // Counts say more than the bare reasons for rows.
    let codes = Set((change?["reasons"]?.elements ?? []).compactMap { $0["code"]?.text })
    let isAboutRows = !counts.isEmpty && codes.isSubset(of: ["rows-added", "rows-removed", "values-changed"])
    let late =
      release.isBackfill
      ? release.published.map { [text["补发于 \($0.date)", "published late, on \($0.date)"]] } ?? [] : []
    return [
      "release": release.release.description, "version": release.version.description,
      "date": release.release.date.description,
      "what": (late + (isAboutRows ? counts : reasons + counts)).joined(separator: text[",", ", "]),
      "address": "\(toRoot)data/\(release.folder)/release.json",
    ]
  }

  private func use(_ dataset: DatasetDescription, _ text: PageText) -> [[String: Any]] {
    let contact = dataset.department.contact
    var items: [[String: Any]] = [
      ["name": text["许可", "Licence"], "value": dataset.license.title[text.language], "address": dataset.license.path],
      ["name": text["联系", "Contact"], "value": contact.name[text.language]],
    ]
    if let email = contact.email {
      items.append(["name": text["邮箱", "E-mail"], "value": email, "address": "mailto:\(email)"])
    }
    if let telephone = contact.telephone { items.append(["name": text["电话", "Telephone"], "value": telephone]) }
    return items
  }

  private func render(_ template: String, _ page: [String: Any]) -> [UInt8] {
    guard let rendered = library.render(page, withTemplate: template) else {
      preconditionFailure("template \(template) is registered")
    }
    return Array(rendered.utf8)
  }
}
