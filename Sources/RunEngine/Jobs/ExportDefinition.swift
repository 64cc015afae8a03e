import ConnectModel
import Foundation
import RecordEngine
import StoreAPI

/// The definition of an export as values. Made only from a definition that its schema has accepted.
struct ExportDefinition: Sendable {
    enum ReadyFile: String, Sendable, CaseIterable {
        case none, empty, count
    }

    enum IfEmpty: String, Sendable {
        case write, skip, fail
    }

    var source: ExportSource
    var columns: [String]
    var isChangesOnly: Bool
    var latestLoad: String?
    var server: String
    var directory: String
    var name: ExportFileName
    var charset: String
    var isMarked: Bool
    var delimiter: String
    var enclosure: String
    var enclosing: WritingFormat.Enclosing
    var unenclosed: WritingFormat.Unenclosed
    var lineEnd: WritingFormat.LineEnd
    var hasHeader: Bool
    var formulaGuard: WritingFormat.FormulaGuard
    var compression: Compression
    /// nil: the file is not encrypted.
    var encryption: ExportEncryption?
    var readyFile: ReadyFile
    /// nil: one file, however many records there are.
    var splitRecords: Int64?
    var ifEmpty: IfEmpty
    var processesMissed: Bool

    init(_ definition: [String: JSONValue], schema: JobSchema) throws {
        let values = DefinitionValues(schema.filled(definition))
        source = ExportSource(
            kind: try values.choice("source", "type"), name: try values.string("source", "name"), list: values.optionalString("source", "list"))
        columns = try values.strings("source", "columns")
        isChangesOnly = try values.string("source", "records") == "changed"
        latestLoad = values.optionalString("source", "latest_load")
        server = try values.string("file", "server")
        directory = values.optionalString("file", "directory") ?? (server == FileServer.embeddedName ? "download" : "")
        compression = try values.choice("file", "compression")
        encryption = try ExportEncryption(values)
        name = ExportFileName(
            name: try values.string("file", "name"), prefix: values.optionalString("file", "prefix") ?? "",
            suffix: values.optionalString("file", "suffix") ?? "", zone: try values.string("file", "zone"),
            packing: ExportPacking(compression: compression, encryption: encryption),
            readyExtension: try values.string("file", "ready_extension"), appendsReadyExtension: try values.string("file", "ready_name") == "append")
        charset = try values.string("file", "charset")
        isMarked = try values.boolean("file", "byte_order_mark")
        delimiter = try values.string("file", "delimiter")
        enclosure = try values.string("file", "enclosure")
        enclosing = try values.choice("file", "enclose")
        unenclosed = try values.choice("file", "unenclosed")
        lineEnd = try values.choice("file", "line_end")
        hasHeader = try values.boolean("file", "header")
        formulaGuard = try values.choice("file", "formula_guard")
        readyFile = try values.choice("file", "ready_file")
        splitRecords = values.optionalInteger("file", "split_records")
        ifEmpty = try values.choice("options", "if_empty")
        processesMissed = try values.boolean("options", "process_missed")
    }

    func format() throws -> WritingFormat {
        let layout = try DelimitedFormat(delimiter: delimiter == "tab" ? "\t" : delimiter, enclosure: enclosure, hasHeader: hasHeader)
        return WritingFormat(layout, lineEnd: lineEnd, enclosing: enclosing, unenclosed: unenclosed, formulaGuard: formulaGuard)
    }

    /// Everything but the window.
    func selection(_ control: any ControlStore, _ audience: any AudienceStore) throws -> RowSelection {
        RowSelection(try source.selection(control, audience), fields: columns, loadSet: latestLoad)
    }

    /// What the schema cannot say about one definition by itself.
    func problems() -> [Problem] {
        var found = name.problems() + DirectoryRule.problems(directory, at: "file.directory") + (encryption?.problems ?? [])
        do {
            let written = try format().layout.delimiter + (try format().layout.enclosure.character.map(String.init) ?? "")
            if try !FileCharacterSet(name: charset).holds(written) {
                found.append(Problem(path: "file.delimiter", message: "\(charset) does not have the delimiter \"\(delimiter)\" or the enclosure."))
            }
        } catch let error as ConnectError {
            found.append(Problem(path: error.code.hasPrefix("charset") ? "file.charset" : "file.delimiter", message: error.description))
        } catch {
            found.append(Problem(path: "file", message: "\(error)"))
        }
        if Set(columns).count < columns.count { found.append(Problem(path: "source.columns", message: "A column stands in source.columns twice.")) }
        if source.kind == .view, latestLoad != nil {
            found.append(Problem(path: "source.latest_load", message: "A view has no loads of its own; export the table instead."))
        }
        return found
    }
}
