import ConnectModel
import StoreAPI

extension JobDocument {
    public struct SelectionEntry: Sendable {
        var place: String
        var selection: SavedSelection
    }

    mutating func readFilter(_ members: [String: JSONValue], _ place: String) {
        check(members, place, ["name", "list", "where"])
        guard let name = text(members, "name", place), let list = text(members, "list", place), let condition = text(members, "where", place) else {
            return
        }
        selections.append(SelectionEntry(place: place, selection: .filter(ListFilter(name: name, list: list, condition: condition))))
    }

    mutating func readAudience(_ members: [String: JSONValue], _ place: String) {
        check(members, place, ["name", "list", "all", "any", "except"])
        guard let name = text(members, "name", place), let list = text(members, "list", place) else { return }
        var groups: [String: [String]] = [:]
        for group in ["all", "any", "except"] {
            guard let value = members[group], value != .null else { continue }
            guard let names = value.arrayValue?.map(\.stringValue), names.allSatisfy({ $0 != nil }) else {
                problem("\(place).\(group)", "\"\(group)\" is a list of filters: [A, B].")
                continue
            }
            groups[group] = names.compactMap { $0 }
        }
        let audience = Audience(name: name, list: list, all: groups["all"] ?? [], any: groups["any"] ?? [], except: groups["except"] ?? [])
        selections.append(SelectionEntry(place: place, selection: .audience(audience)))
    }

    mutating func readView(_ members: [String: JSONValue], _ place: String) {
        check(members, place, ["name", "sql"])
        guard let name = text(members, "name", place), let sql = text(members, "sql", place) else { return }
        selections.append(SelectionEntry(place: place, selection: .view(SQLView(name: name, sql: sql))))
    }

    /// By section, for the check that names are unique.
    var selectionNames: [(String, [(name: String, place: String)])] {
        SavedSelection.Kind.allCases.map { kind in
            ("\(kind.rawValue)s", selections.filter { $0.selection.kind == kind }.map { ($0.selection.name, $0.place) })
        }
    }
}

extension Installation {
    /// Filters, audiences and views of a document that could not be saved. What asks tables that come with the documents is checked when it is saved.
    func documentSelectionProblems(_ document: JobDocument, _ documents: [JobDocument]) throws -> [Problem] {
        let entries = documents.flatMap(\.selections)
        let filters = Dictionary(entries.filter { $0.selection.kind == .filter }.map { ($0.selection.name, $0.selection) }) { _, last in last }
        let bringsTables = documents.contains { !$0.tables.isEmpty }
        return try document.selections.flatMap { entry in
            let problems = try selectionProblems(entry.selection, filters: filters)
            // A table or field that comes with the document is not there yet; saving asks again.
            let lasting = bringsTables ? problems.filter { $0.path == "name" } : problems
            return lasting.map {
                Problem(path: "\(entry.place).\($0.path)", severity: $0.severity, message: $0.message, suggestions: $0.suggestions)
            }
        }
    }

    func change(_ entry: JobDocument.SelectionEntry) throws -> DocumentPlan.Change {
        let new = normalised(entry.selection)
        let old = try control.savedSelection(new.kind, named: new.name)
        let action: DocumentPlan.Action = old == nil ? .create : old == new ? .unchanged : .update
        return .init(action: action, kind: new.kind.rawValue, name: new.name, details: action == .update ? ["changed"] : [])
    }

    /// Once everything else of a document is there, what its exports read is there too, or nothing of them is saved.
    func checkExports(_ jobs: [JobDocument.JobEntry]) throws {
        let known = try KnownNames(self, [])
        let problems = jobs.filter { $0.kind == "export" && $0.active }.flatMap { entry in
            exportProblems(entry.definition, known).map { Problem(path: "\(entry.place).\($0.path)", message: $0.message) }
        }
        guard problems.isEmpty else { throw ProblemList("document.invalid", "The document's exports cannot be saved", problems).error }
    }
}
