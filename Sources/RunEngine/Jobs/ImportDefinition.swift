public import ConnectModel
import Foundation
import GnuPG
public import RecordEngine

/// The definition of an import as values. Made only from a definition that its schema has accepted.
public struct ImportDefinition: Sendable {
    /// nil: the job reads a file. Otherwise what is said here of files means nothing.
    public var source: ImportSource?
    public var server: String
    public var directory: String
    public var archiveDirectory: String
    public var fileName: String
    /// nil: the job has none.
    public var countFile: String?
    /// nil: the job waits for none.
    public var readyFile: String?
    public var settleSeconds: Int64
    public var zone: String
    /// nil: by the name of the file.
    public var encryption: Encryption?
    public var signature: SignatureWish
    public var signedBy: [String]
    /// nil: by the name of the file.
    public var compression: Compression?
    public var member: String?
    public var expansionLimit: ExpansionLimit
    public var charset: String
    public var delimiter: String
    public var enclosure: String
    public var hasHeader: Bool
    public var maximumRecordBytes: Int
    public var workerMemoryBytes: Int
    public var target: ImportTarget
    public var optInValue: String
    public var optOutValue: String
    public var htmlValue: String
    public var textValue: String
    public var dateFormat: String
    public var longText: CheckRules.LongText
    /// nil: as the account says.
    public var mobileFormat: CheckRules.MobileFormat?
    public var mobileCountry: String?
    public var mobileCheck: CheckRules.MobileCheck
    public var mapsAutomatically: Bool
    public var mappedFields: [String: String]
    public var newFields: [Field]
    public var ignoredColumns: [String]
    public var columnNames: [String]
    /// A file on the server that names the columns; nil: the job has none.
    public var mappingFile: String?
    public var minimumRecords: Int64
    public var maximumRecords: Int64
    /// nil: not asked.
    public var maximumDeviationPercent: Double?
    public var deviationRuns: Int
    public var maximumRejectedPercent: Double
    public var failsIfEmpty: Bool
    public var sameContent: SameContent

    /// What it reads, for sentences.
    var origin: ColumnOrigin { source == nil ? .file : .stream }

    public init(_ definition: [String: JSONValue], of kind: any ImportKind) throws {
        let values = DefinitionValues(kind.filled(definition))
        source = try SourceFields.source(values)
        server = try values.string("file", "server")
        directory = values.optionalString("file", "directory") ?? (server == FileServer.embeddedName ? "upload" : "")
        archiveDirectory = try values.string("file", "archive_directory")
        fileName = NameDate.pattern(
            name: source == nil ? try values.string("file", "name") : "", prefix: try values.string("file", "date_prefix"),
            suffix: try values.string("file", "date_suffix"),
            separator: try values.string("file", "date_separator"))
        countFile = values.optionalString("file", "count_file")
        let isWatching = definition["schedule"]?["repeat"]?.stringValue == ScheduleDefinition.Repeat.fileArrival.rawValue
        readyFile = (isWatching ? definition["schedule"]?["ready_file"]?.stringValue : nil) ?? values.optionalString("file", "ready_file")
        settleSeconds = try values.integer("file", "settle_seconds")
        zone = try values.string("file", "zone")
        encryption = Encryption(rawValue: try values.string("file", "encryption"))
        signature = try values.choice("file", "signature")
        signedBy = try values.strings("file", "signed_by")
        compression = Compression(rawValue: try values.string("file", "compression"))
        member = values.optionalString("file", "member")
        expansionLimit = ExpansionLimit(
            ratio: try values.integer("file", "max_expansion"), bytes: try values.integer("file", "max_decoded_bytes"))
        charset = try values.string("file", "charset")
        delimiter = try values.string("file", "delimiter")
        enclosure = try values.string("file", "enclosure")
        hasHeader = try values.boolean("file", "header")
        maximumRecordBytes = Int(try values.integer("file", "max_record_bytes"))
        workerMemoryBytes = Int(try values.integer("worker", "memory_mb")) << 20
        target = try kind.target(values)
        optInValue = try values.string("target", "opt_in_value")
        optOutValue = try values.string("target", "opt_out_value")
        htmlValue = try values.string("target", "html_value")
        textValue = try values.string("target", "text_value")
        dateFormat = try values.string("target", "date_format")
        longText = try values.choice("target", "long_text")
        mobileFormat = CheckRules.MobileFormat(rawValue: try values.string("target", "mobile_format"))
        mobileCountry = values.optionalString("target", "mobile_country")
        mobileCheck = try values.choice("target", "mobile_check")
        mapsAutomatically = try values.boolean("mapping", "auto")
        mappedFields = try values.map("mapping", "fields")
        newFields = try values.map("mapping", "new_fields").sorted { $0.key < $1.key }.compactMap { name, type in
            FieldType(rawValue: type).map { Field(name.uppercased(), $0) }
        }
        ignoredColumns = try values.strings("mapping", "ignore")
        columnNames = try values.strings("mapping", "columns")
        mappingFile = values.optionalString("mapping", "file")
        minimumRecords = try values.integer("limits", "min_records")
        maximumRecords = (try? values.integer("limits", "max_records")) ?? .max
        maximumDeviationPercent = try? values.number("limits", "max_deviation_percent")
        deviationRuns = Int(try values.integer("limits", "deviation_runs"))
        maximumRejectedPercent = try values.number("limits", "max_rejected_percent")
        failsIfEmpty = try values.boolean("options", "fail_if_empty")
        sameContent = try values.choice("options", "same_content")
    }

    /// What the schema cannot say about one definition by itself.
    public func problems() -> [Problem] {
        var found = source == nil ? fileProblems() : []
        found += matchProblems()
        do { _ = try DateFormat(dateFormat) } catch { found.append(Problem(path: "target.date_format", message: "\(error)")) }
        if let mobileCountry, !CheckRules.isCountry(mobileCountry) {
            found.append(
                Problem(path: "target.mobile_country", message: "\"\(mobileCountry)\" is no ISO code of a country; write two letters such as DE."))
        }
        if mobileCheck == .strict && mobileFormat == CheckRules.MobileFormat.none {
            found.append(Problem(path: "target.mobile_check", message: Self.strictlyNothing))
        }
        return found
    }

    private func fileProblems() -> [Problem] {
        var found = FileNamePattern.problems(in: fileName).map { Problem(path: "file.name", severity: $0.severity, message: $0.message) }
        if let countFile {
            found += FileNamePattern.problems(in: countFile, of: "count").map { Problem(path: "file.count_file", message: $0.message) }
        }
        if let readyFile {
            found += FileNamePattern.problems(in: readyFile, of: "ready").map { Problem(path: "file.ready_file", message: $0.message) }
        }
        found += scopeProblems()
        if TimeZone(identifier: zone) == nil {
            found.append(Problem(path: "file.zone", message: "\"\(zone)\" is not a time zone; write it like Europe/Berlin or UTC."))
        }
        found += DirectoryRule.problems(directory, at: "file.directory") + DirectoryRule.problems(archiveDirectory, at: "file.archive_directory")
        if archiveDirectory == directory {
            found.append(Problem(path: "file.archive_directory", message: "The archive must be another directory than the one files arrive in."))
        }
        do { _ = try FileCharacterSet(name: charset) } catch { found.append(Problem(path: "file.charset", message: "\(error)")) }
        do { _ = try format() } catch { found.append(Problem(path: "file.delimiter", message: "\(error)")) }
        found += signatureProblems() + recordSizeProblems()
        if mappingFile != nil && !columnNames.isEmpty {
            found.append(Problem(path: "mapping.file", message: "The columns are named in mapping.columns already; leave one of the two out."))
        }
        if !hasHeader && columnNames.isEmpty && mappingFile == nil {
            found.append(
                Problem(
                    path: "mapping.columns",
                    message: "The file has no header line, so name its columns in order in mapping.columns, or a file that does in mapping.file."))
        }
        return found
    }

    static let strictlyNothing = "Numbers of no format (target.mobile_format: none) are any text; the strict check needs e164 or local."

    private func signatureProblems() -> [Problem] {
        var found = signedBy.filter { !PGPKey.isFingerprint($0) }.map {
            Problem(
                path: "file.signed_by",
                message:
                    "\"\($0)\" is no fingerprint: 40 hexadecimal digits, as `connecthost keys list` shows them. Names and short ids can be forged.")
        }
        if signature == .none && !signedBy.isEmpty {
            found.append(
                Problem(
                    path: "file.signature",
                    message: "file.signed_by names keys, but file.signature looks at no signature; set it to required or when_present."))
        }
        if signature != .none && signedBy.isEmpty {
            found.append(Problem(path: "file.signed_by", message: "Name the fingerprints of the keys whose signature is accepted."))
        }
        if signature == .required && encryption == nil && !Encryption.mayBeUsed(setting: nil, fileName: fileName) {
            found.append(
                Problem(
                    path: "file.signature",
                    message: "By its name the file is not encrypted, so it bears no signature; set file.encryption to pgp if it is."))
        }
        if signature != .none && encryption == Encryption.none {
            found.append(
                Problem(path: "file.signature", message: "Only encrypted files are looked at for a signature; set file.encryption to auto or pgp."))
        }
        return found
    }

    /// A record is held in the reader's buffer, which doubles as it grows, and once more as a batch.
    private func recordSizeProblems() -> [Problem] {
        let memory = workerMemoryBytes
        guard maximumRecordBytes > memory / 6 else { return [] }
        return [
            Problem(
                path: "file.max_record_bytes",
                message: "A record of \(maximumRecordBytes) bytes does not fit the run's memory: it needs six times as much, "
                    + "worker.memory_mb: \(((maximumRecordBytes * 6) >> 20) + 1) or more.")
        ]
    }

    private func scopeProblems() -> [Problem] {
        guard let scope = target.scope else { return [] }
        var found = FileNamePattern.problems(in: scope.file, of: "scope").map { Problem(path: "target.scope_file", message: $0.message) }
        if !hasHeader {
            found.append(Problem(path: "target.scope_file", message: "A scope file has a header line, and the job says that its files have none."))
        }
        return found
    }

    private func matchProblems() -> [Problem] {
        func problem(_ violation: MatchRule.Violation) -> Problem {
            Problem(path: violation.isAboutInserting ? "target.on_no_match" : "target.match", message: "\(violation.message) \(violation.remedy)")
        }
        var found = MatchRule.violation(of: target.policy, for: target.kind).map { [problem($0)] } ?? []
        guard let people = target.people else { return found }
        if target.kind == .appPet {
            found.append(
                Problem(path: "target.add_people", message: "App installs bring no people; leave target.add_people out, or target.app_channel."))
        } else if found.isEmpty, let violation = MatchRule.violation(of: people, for: .list) {
            found.append(
                Problem(
                    path: "target.add_people",
                    message:
                        "Matching on \(target.policy.match.joined(separator: " and ")) can add nobody. \(violation.isAboutInserting ? "Match on another field, or leave target.add_people out." : violation.remedy)"
                ))
        }
        return found
    }

    public func format() throws -> DelimitedFormat {
        try DelimitedFormat(
            delimiter: delimiter == "tab" ? "\t" : delimiter, enclosure: enclosure, hasHeader: hasHeader, maximumRecordBytes: maximumRecordBytes)
    }
}

/// What becomes of a file with the content of an earlier one.
public enum SameContent: String, Sendable, CaseIterable {
    case load, warn, refuse
}

/// Directories of a job stay below their server's.
enum DirectoryRule {
    static func problems(_ directory: String, at path: String) -> [Problem] {
        let parts = directory.split(separator: "/", omittingEmptySubsequences: false)
        guard directory.isEmpty || parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." && !$0.utf8.contains(0) }) else {
            return [Problem(path: path, message: "\"\(directory)\" must be a path below the server's directory, without . or .. in it.")]
        }
        return []
    }
}
