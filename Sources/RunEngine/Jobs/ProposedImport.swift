import ConnectModel
import Foundation
import RecordEngine

/// A table and a job that load a file which was only looked at: something to begin with, that runs as it is.
///
/// A file with addresses of people goes into a list, matched by them; any other into a supplemental table, record by record.
struct ProposedImport {
    private let inspection: FileInspection
    private let name: String
    /// The list's field that records are matched by; nil: the file is not about people.
    private let key: String?
    /// The field of each column; nil: nowhere.
    private let fields: [String?]

    init(_ inspection: FileInspection) {
        self.inspection = inspection
        name = Self.tableName(of: inspection.file.path)
        let header = inspection.columns.map(\.name)
        let plan = MappingPlan.make(header: header, target: MappingTarget(AudienceTable(name: name)), policy: MergePolicy(match: []))
        let people = Dictionary(plan.columns.map { ($0.sourceIndex, $0.field.name) }, uniquingKeysWith: { first, _ in first })
        key = ["EMAIL_ADDRESS_", "MOBILE_NUMBER_"].first(where: people.values.contains)
        // A column with the name of something that the host sets keeps its values under a name of its own.
        fields = Self.ownNames(header, except: key == nil ? [:] : people)
    }

    func write(to inspection: inout FileInspection) {
        for index in inspection.columns.indices { inspection.columns[index].field = fields[index] }
        inspection.table = table
        inspection.job = job
    }

    private var table: AudienceTable {
        let system = Set(ProfileList.systemFields.map(\.name))
        let own = zip(inspection.columns, fields).compactMap { column, field in
            field.flatMap { key != nil && system.contains($0) ? nil : Field($0, column.type) }
        }
        return AudienceTable(name: name, kind: key == nil ? .supplemental : .list, customFields: own)
    }

    private var job: Job {
        let directory = inspection.file.path.split(separator: "/").dropLast().joined(separator: "/")
        var file: [String: JSONValue] = ["name": .string(RemotePath.name(inspection.file.path))]
        let standard = FileInspection(file: inspection.file, encryption: "none", compression: "none", member: nil)
        // What is as it would be anyway is left out, but for the server: a job should say where its file comes from.
        file["server"] = .string(inspection.file.server)
        file["directory"] = .string(directory)
        if let member = inspection.member { file["member"] = .string(member) }
        if inspection.compression != Compression(fileName: Encryption(fileName: inspection.file.path).innerName(of: inspection.file.path)).rawValue {
            file["compression"] = .string(inspection.compression)
        }
        if inspection.charset != standard.charset { file["charset"] = .string(inspection.charset) }
        if inspection.delimiter != standard.delimiter { file["delimiter"] = .string(inspection.delimiter) }
        if inspection.enclosure != standard.enclosure { file["enclosure"] = .string(inspection.enclosure) }
        if !inspection.header { file["header"] = .bool(false) }
        var definition: [String: JSONValue] = ["file": .object(file), "target": .object(target)]
        let mapping = mapping
        if !mapping.isEmpty { definition["mapping"] = .object(mapping) }
        return Job(
            id: JobID(0), name: "Import \(name)", kind: key == nil ? TableImport().id : ListImport().id, description: "", definition: definition,
            active: true)
    }

    private var target: [String: JSONValue] {
        var target: [String: JSONValue] =
            key.map { ["list": .string(name), "match": .array([.string($0)])] } ?? ["table": .string(name), "load": .string("insert")]
        if let format = inspection.dateFormat, format != NamedDateFormat.standardLongNoMillis.rawValue,
            table.customFields.contains(where: { $0.type == .timestamp })
        {
            target["date_format"] = .string(format)
        }
        return target
    }

    /// Names the columns where the file does not, or not well; else says only what their names do not.
    private var mapping: [String: JSONValue] {
        let names = inspection.columns.map { FieldNameRule.normalised($0.name) }
        guard inspection.header, !names.contains(""), Set(names).count == names.count else {
            return ["columns": .array(zip(inspection.columns, fields).map { .string($1 ?? $0.name) })]
        }
        var said: [String: JSONValue] = [:]
        for (column, field) in zip(inspection.columns, fields) {
            if let field, FieldNameRule.normalised(column.name) != field { said[column.name] = .string(field) }
        }
        return said.isEmpty ? [:] : ["fields": .object(said)]
    }

    /// Names that fields of a table's own may have, each once.
    private static func ownNames(_ header: [String], except people: [Int: String]) -> [String?] {
        var taken = Set(people.values).union(ProfileList.systemFields.map(\.name))
        return header.enumerated().map { index, column in
            if let field = people[index] { return field }
            var own = FieldNameRule.normalised(column)
            while own.hasSuffix("_") { own.removeLast() }
            if own.isEmpty { own = "COLUMN\(index + 1)" }
            if own.first?.isNumber == true { own = String("F\(own)".prefix(FieldNameRule.maximumLength)) }
            var name = own
            var number = 2
            while !taken.insert(name).inserted {
                let end = "_\(number)"
                name = String(own.prefix(FieldNameRule.maximumLength - end.count)) + end
                number += 1
            }
            return name
        }
    }

    /// "customers" of `outgoing/customers_2026-01-31.csv.gz.pgp`, as a table may be called.
    private static func tableName(of path: String) -> String {
        let stem = RemotePath.name(path).split(separator: ".", omittingEmptySubsequences: false).first.map(String.init) ?? ""
        var name = String(stem.uppercased().unicodeScalars.map { ("A"..."Z").contains($0) || ("0"..."9").contains($0) ? Character($0) : "_" })
        let digits = name.reversed().prefix { $0.isNumber || $0 == "_" }.count
        if digits < name.count { name.removeLast(digits) }
        while name.hasPrefix("_") { name.removeFirst() }
        return name.isEmpty ? "IMPORTED" : String(name.prefix(60))
    }
}
