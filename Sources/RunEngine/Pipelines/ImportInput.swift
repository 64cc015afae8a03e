import ConnectModel
import Foundation
import GnuPG
import RecordEngine
import StoreAPI

/// The file of an import as checked batches: fetch and read stages, header, mapping, checks. Used by runs and by previews alike,
/// so that a preview says what a run does.
final class ImportInput {
    let header: [String]
    private let definition: ImportDefinition
    private let environment: RunEnvironment
    private let stages: ContentStages
    private let read: ReadStage
    private let cancelHandler: Int

    /// Opens the file and reads its header.
    init(definition: ImportDefinition, source: SourceFile, transport: any Transport, environment: RunEnvironment) throws {
        self.definition = definition
        self.environment = environment
        let charset = try FileCharacterSet(name: definition.charset)
        stages = try ContentStages(source.path, definition.wrapping(of: source.path), transport, environment)
        read = ReadStage(source: Handle(stages.content.source), charset: charset, format: try definition.format(), columnNames: definition.columnNames)
        cancelHandler = environment.cancellation.onCancel { [stages] in stages.abandon() }
        do {
            header = try Self.header(read, stages.content, charset)
        } catch {
            stages.abandon()
            read.stop()
            stages.stop()
            environment.cancellation.remove(cancelHandler)
            throw error
        }
    }

    var bytesRead: Int64 { stages.fetch.bytesRead }
    /// Of the whole file, of what it holds where it is encrypted: no two encryptions of one content are alike. Valid after the last batch.
    var sha256: String { (stages.decrypted ?? stages.fetch).sha256 }
    /// The beginning of the file's contents, decoded where they are compressed.
    var sample: [UInt8] { stages.content.sample }

    /// Waits until the file is closed; only after its last batch. The connection can then be used for something else.
    func finishFetching() { stages.fetch.waitForEnd() }

    /// Ends the stages; safe to call twice.
    func stop() {
        environment.cancellation.remove(cancelHandler)
        stages.stop()
        read.stop()
    }

    private static func header(_ read: ReadStage, _ content: FetchStage, _ charset: FileCharacterSet) throws -> [String] {
        let first: ReadStage.Item?
        do {
            first = try read.next()
        } catch {
            // A file that is no text at all deserves that answer, and not one about its first line.
            try BinaryContent.check(content.sample, charset)
            throw error
        }
        try BinaryContent.check(content.sample, charset)
        guard case .header(let names)? = first else { return [] }
        return names
    }

    /// Which column goes where; throws with every problem at once.
    func mapping(onto destination: ImportDestination) throws -> MappingPlan {
        let plan = plannedMapping(onto: destination)
        for warning in plan.problems where warning.severity == .warning { environment.reporter.log(.warning, warning.message) }
        // Nothing can be mapped in a file of no bytes, and nothing needs to be.
        guard plan.isUsable || header.isEmpty else { throw mappingError(plan, destination.mappingTarget) }
        return plan
    }

    func plannedMapping(onto destination: ImportDestination) -> MappingPlan {
        MappingPlan.make(
            header: header, target: destination.mappingTarget, manual: definition.mappedFields, auto: definition.mapsAutomatically, newFields: definition.newFields,
            ignored: definition.ignoredColumns, policy: destination.policy)
    }

    private func mappingError(_ plan: MappingPlan, _ target: MappingTarget) -> ConnectError {
        let detected = FormatDetection(sample: sample)
        let delimiter = definition.delimiter == "tab" ? "\t" : definition.delimiter
        if header.count == 1, detected.columnNames.count > 1, detected.delimiter != delimiter {
            return ConnectError(
                "format.delimiter", .configuration,
                "The file has one column only when split at \"\(definition.delimiter)\"; its delimiter looks like \"\(detected.delimiter == "\t" ? "tab" : detected.delimiter)\".",
                remedy: "Set file.delimiter of the job.")
        }
        let errors = plan.problems.filter { $0.severity == .error }.map { "  - \($0.message)" }
        return ConnectError(
            "mapping.invalid", .configuration, "The file's columns do not fit \(target.noun) \(target.name):\n\(errors.joined(separator: "\n"))",
            remedy: "`connecthost jobs preview` shows the mapping; correct the job's mapping section or the file.")
    }

    /// Checks for the mapping's columns, or for some of them.
    func checker(_ mapping: MappingPlan, _ destination: ImportDestination, columns: [MappedColumn]? = nil) throws -> RecordChecker {
        guard let path = environment.topLevelDomainsFile else {
            throw ConnectError(
                "tlds.missing", .configuration, "The list of top-level domains, tlds.txt, was not found.",
                remedy: "Install connecthost whole, or put IANA's tlds-alpha-by-domain.txt as tlds.txt into the home.")
        }
        let account = try environment.control.setting(AccountImports.settingName).map(AccountImports.init) ?? AccountImports()
        let mobileFormat = definition.mobileFormat ?? account.mobileFormat
        let rules = CheckRules(
            dateFormat: try DateFormat(definition.dateFormat), optInValue: definition.optInValue,
            optOutValue: definition.optOutValue, htmlValue: definition.htmlValue, textValue: definition.textValue,
            mobileFormat: mobileFormat, mobileCountry: definition.mobileCountry ?? account.mobileCountry,
            longText: definition.longText)
        return RecordChecker(
            mapped: columns ?? (header.isEmpty ? matchColumns(of: destination) : mapping.columns), policy: destination.policy, rules: rules,
            topLevelDomains: try TopLevelDomains(path: path), derives: destination.bringsAddresses, phoneNumbers: try phoneNumbers(mobileFormat))
    }

    /// Only for jobs that ask for it, and only in the worker of their runs.
    private func phoneNumbers(_ format: CheckRules.MobileFormat) throws -> PhoneNumberLibrary? {
        guard definition.mobileCheck == .strict else { return nil }
        guard format != .none else {
            throw ConnectError(
                "mobile.format", .configuration, "The account takes mobile numbers of any form. \(ImportDefinition.strictlyNothing)",
                remedy: "Set target.mobile_format, or `connecthost account imports set --set mobile_format=e164`.")
        }
        guard let file = environment.phoneNumberLibrary else {
            throw ConnectError(
                "mobile.library", .configuration, "The library for the strict check of mobile numbers, libPhoneNumbers.so, is not beside the program.",
                remedy: "Install connecthost whole, or set target.mobile_check to fast.")
        }
        return try PhoneNumberLibrary(path: file)
    }

    /// A file of no bytes has no columns; the load, which will get no row, still wants to know its key.
    private func matchColumns(of destination: ImportDestination) -> [MappedColumn] {
        destination.policy.match.compactMap { name in
            destination.mappingTarget.field(name).map { MappedColumn(sourceIndex: 0, sourceName: name, field: $0, reason: "match field") }
        }
    }

    /// Every batch, checked, in file order; recycled when `body` returns.
    func forEachBatch(_ checker: RecordChecker, _ body: (CheckedBatch) throws -> Void) throws {
        while let item = try read.next() {
            try environment.cancellation.check()
            guard case .batch(let batch) = item else { continue }
            let checked = checker.check(batch)
            try body(checked)
            checker.recycle(checked)
            read.give(batch)
        }
        // A queue that was abandoned ends like a file that ends: only this tells the two apart.
        try environment.cancellation.check()
    }
}

extension ImportDefinition {
    /// How the file of that path is wrapped, as the job says or its name tells.
    func wrapping(of path: String) -> ContentStages.Wrapping {
        let encryption = encryption ?? Encryption(fileName: path)
        let rule: SignatureRule =
            switch signature {
            case .none: .ignored
            case .required: .required(by: signedBy)
            case .whenPresent: .whenPresent(by: signedBy)
            }
        return ContentStages.Wrapping(
            encryption: encryption, compression: compression ?? Compression(fileName: encryption.innerName(of: path)), member: member, signature: rule,
            limit: expansionLimit)
    }
}

/// Tells files that are no delimited text by their first bytes.
enum BinaryContent {
    private static let signatures: [(bytes: [UInt8], name: String)] = [
        ([0x1F, 0x8B], "a gzip file"), ([0x50, 0x4B, 0x03, 0x04], "a zip or spreadsheet file"), ([0x25, 0x50, 0x44, 0x46], "a PDF"),
        ([0xD0, 0xCF, 0x11, 0xE0], "an old spreadsheet file"), ([0x28, 0xB5, 0x2F, 0xFD], "a zstd file"), ([0x7F, 0x45, 0x4C, 0x46], "a program"),
    ]

    static func check(_ sample: [UInt8], _ charset: FileCharacterSet) throws {
        if let known = signatures.first(where: { sample.starts(with: $0.bytes) }) { throw error("The file is \(known.name), not delimited text.") }
        guard !["UTF-16", "UTF-32"].contains(where: charset.name.hasPrefix) else { return }
        let beginning = sample.prefix(4096)
        let zeros = beginning.count { $0 == 0 }
        if zeros > beginning.count / 50 { throw error("The file's first bytes hold \(zeros) NULs: it is no text in \(charset.name).") }
        // Tabs to carriage returns are text, and escapes and shifts are how ISO-2022 changes its alphabets.
        let controls = beginning.count { $0 < 0x09 || ($0 > 0x0D && $0 < 0x20 && ![0x0E, 0x0F, 0x1B].contains($0)) || $0 == 0x7F }
        if controls > beginning.count / 25 {
            throw error("The file's first \(beginning.count) bytes hold \(controls) control characters: it is no text in \(charset.name).")
        }
    }

    private static func error(_ message: String) -> ConnectError {
        ConnectError("file.binary", .data, message, remedy: "Nothing was loaded. Send the file as delimited text, or set file.compression or file.charset.")
    }
}
