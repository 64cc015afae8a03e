public import ConnectModel
import RecordEngine
import RunEngine
import StoreAPI

/// What a filter, audience or view gives now. JSON keys are a contract.
public struct SelectionTrial: Sendable, Encodable {
    public var columns: [String]
    public var firstRows: [[String]]
    public var rows: Int64
    /// Whether counting stopped at the limit, so that there may be more.
    public var isCut: Bool

    enum CodingKeys: String, CodingKey {
        case columns, rows
        case firstRows = "first_rows"
        case isCut = "cut"
    }
}

extension Installation {
    public func selections(_ kind: SavedSelection.Kind) throws -> [SavedSelection] { try control.savedSelections(kind) }

    public func selection(_ kind: SavedSelection.Kind, _ name: String) throws -> SavedSelection {
        if let found = try control.savedSelection(kind, named: name) { return found }
        let names = try control.savedSelections(kind).map(\.name)
        throw ConnectError(
            "\(kind.rawValue).missing", .configuration, "There is no \(kind.rawValue) \"\(name)\".",
            remedy: Similarity.closest(to: name, among: names).map { "Did you mean \"\($0)\"?" }
                ?? "`connecthost \(kind.rawValue)s list` shows what there is.")
    }

    /// Saves it once it is right: its tables and filters are there, and SQLite compiles what it asks and lets it read.
    public func save(_ selection: SavedSelection) throws {
        let problems = try selectionProblems(selection, filters: [:])
        guard problems.isEmpty else {
            throw ProblemList("\(selection.kind.rawValue).invalid", "The \(selection.kind.rawValue) \"\(selection.name)\" cannot be saved", problems)
                .error
        }
        try control.save(normalised(selection))
    }

    /// Everything that is wrong with it; `filters` come with the same document.
    func selectionProblems(_ selection: SavedSelection, filters: [String: SavedSelection]) throws -> [Problem] {
        if let wrong = SavedSelection.problem(withName: selection.name) { return [Problem(path: "name", message: wrong)] }
        if case .audience(let audience) = selection, audience.filters.isEmpty {
            return [Problem(path: "all", message: "An audience is made of at least one filter, in all, any or except.")]
        }
        do {
            let source = try normalised(selection).source { name in try filters[name] ?? control.savedSelection(.filter, named: name) }
            if case .filtered(let table, _) = source, try audience.table(named: table).kind != .list {
                return [Problem(path: "list", message: "\"\(table)\" is no list; a filter is over the rows of a list, and may ask other tables.")]
            }
            try audience.read(RowSelection(source, limit: 0)) { _ in }
            return []
        } catch let error as ConnectError {
            let path =
                switch error.code {
                case "table.missing": selection.kind == .view ? "sql" : "list"
                case "filter.missing", "audience.list": "all"
                default: selection.kind == .view ? "sql" : selection.kind == .filter ? "where" : "all"
                }
            return [Problem(path: path, message: error.description)]
        }
    }

    /// A SELECT without the semicolon that ends it.
    func normalised(_ selection: SavedSelection) -> SavedSelection {
        guard case .view(var view) = selection else { return selection }
        while let last = view.sql.last, last == ";" || last.isWhitespace { view.sql.removeLast() }
        return .view(view)
    }

    /// Runs it as it stands, within `seconds`, and counts up to `limit` rows.
    public func tryOut(_ kind: SavedSelection.Kind, _ name: String, rows: Int, limit: Int, seconds: Int) throws -> SelectionTrial {
        let source = try selection(kind, name).source { try control.savedSelection(.filter, named: $0) }
        var asked = RowSelection(source, limit: limit == .max ? nil : limit + 1)
        asked.timeLimitSeconds = seconds
        var trial = SelectionTrial(columns: [], firstRows: [], rows: 0, isCut: false)
        try audience.read(asked) { reader in
            trial.columns = reader.fields.map(\.name)
            let batch = RecordBatch(columnCount: reader.fields.count)
            while try reader.read(into: batch) {
                for row in 0..<batch.rowCount where trial.firstRows.count < rows {
                    trial.firstRows.append(batch.columns.map { String(decoding: $0[row], as: UTF8.self) })
                }
                trial.rows += Int64(batch.rowCount)
            }
        }
        if trial.rows > Int64(limit) {
            trial.rows = Int64(limit)
            trial.isCut = true
        }
        return trial
    }

    /// Drops it, unless a job or an audience needs it.
    public func dropSelection(_ kind: SavedSelection.Kind, _ name: String) throws {
        _ = try selection(kind, name)
        let jobs = try control.jobs().filter {
            $0.definition["source"]?["type"]?.stringValue == kind.rawValue && $0.definition["source"]?["name"]?.stringValue == name
        }
        let audiences =
            kind != .filter
            ? []
            : try control.savedSelections(.audience).filter { saved in
                if case .audience(let audience) = saved { audience.filters.contains(name) } else { false }
            }
        let users = jobs.map { "job \"\($0.name)\"" } + audiences.map { "audience \"\($0.name)\"" }
        guard users.isEmpty else {
            throw ConnectError(
                "\(kind.rawValue).used", .configuration, "The \(kind.rawValue) \"\(name)\" is used by \(users.joined(separator: ", ")).",
                remedy: "Change or delete those first.")
        }
        try control.removeSelection(kind, named: name)
    }

    /// The account's form of the names of exported files (EXP-3).
    public func exportFileNameForm() throws -> String { try ExportFileNames.form(control) }

    /// nil goes back to the standard form.
    public func setExportFileNameForm(_ form: String?) throws {
        if let form, let wrong = ExportFileNames.problem(withForm: form) { throw ConnectError("account.file-name", .configuration, wrong) }
        try control.setSetting(ExportFileNames.settingName, form.map { .object(["file_name": .string($0)]) })
    }
}
