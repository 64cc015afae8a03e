import ConnectModel
import RunEngine
import StoreAPI

extension Installation {
    /// What an export needs of this installation, and does not find.
    func exportProblems(_ definition: [String: JSONValue], _ known: KnownNames) -> [Problem] {
        exportSourceProblems(definition, known) + exportKeyProblems(definition)
    }

    /// Keys must be in the key ring, valid, and of use for what they are named for (EXP-5).
    private func exportKeyProblems(_ definition: [String: JSONValue]) -> [Problem] {
        let file = definition["file"]
        guard file?["encryption"]?.stringValue == "pgp" else { return [] }
        let recipients = file?["recipients"]?.arrayValue?.compactMap(\.stringValue) ?? []
        let signer = file?["sign_with"]?.stringValue
        return keyProblems(
            recipients.map { KeyWish(path: "file.recipients", name: $0, use: .recipient) }
                + (signer.map { [KeyWish(path: "file.sign_with", name: $0, use: .signer)] } ?? []))
    }

    /// What is read must be there, or come with the document, and must have the columns it names.
    private func exportSourceProblems(_ definition: [String: JSONValue], _ known: KnownNames) -> [Problem] {
        guard let kind = definition["source"]?["type"]?.stringValue.flatMap(ExportSource.Kind.init),
            let name = definition["source"]?["name"]?.stringValue
        else { return [] }
        // What the document brings is compared once it is there: applying it runs this again before the job is saved.
        if known.comesWithDocument(kind, name) { return [] }
        do {
            let source = ExportSource(kind: kind, name: name, list: definition["source"]?["list"]?.stringValue)
            let isChangesOnly = definition["source"]?["records"]?.stringValue == "changed"
            let selection = RowSelection(
                try source.selection(control, audience), fields: definition["source"]?["columns"]?.arrayValue?.compactMap(\.stringValue) ?? [],
                changedSince: isChangesOnly ? ChangeMark([:]) : nil, limit: 0)
            try audience.read(selection) { _ in }
            return []
        } catch let error as ConnectError {
            let path =
                switch error.code {
                case "field.missing": "source.columns"
                case "view.undated": "source.records"
                case "source.kind": "source.type"
                case "source.list": "source.list"
                default: "source.name"
                }
            return [Problem(path: path, message: error.description)]
        } catch {
            return [Problem(path: "source", message: "\(error)")]
        }
    }
}
