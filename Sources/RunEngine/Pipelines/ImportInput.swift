import ConnectModel
import RecordEngine
import StoreAPI

/// What an import reads, as records: a file, or the rows of a source. Mapping and checks are the same for both, and for runs and previews, so that a preview says what a run does.
/// One thread at a time.
protocol ImportInput: AnyObject {
    var definition: ImportDefinition { get }
    var environment: RunEnvironment { get }
    /// Names of the columns; empty for a file of no bytes.
    var header: [String] { get }
    var bytesRead: Int64 { get }
    /// Of everything that was read: the same for the same contents. Valid after the last batch.
    var sha256: String { get }
    /// The beginning of a file's contents; empty for rows of a source.
    var sample: [UInt8] { get }
    /// How far a source was read, where the job goes on from there; valid after the last batch.
    var mark: SourceMark? { get }
    /// The next records, nil at the end.
    func next() throws -> RecordBatch?
    /// Takes back a batch that nobody reads any more.
    func give(_ batch: RecordBatch)
    /// Throws when what was read is not what is there now; after the last batch.
    func checkUnchanged() throws
    /// Ends the reading; safe to call twice.
    func stop()
}

extension ImportInput {
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
            header: header, from: definition.origin, target: destination.mappingTarget, manual: definition.mappedFields,
            auto: definition.mapsAutomatically, newFields: definition.newFields,
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
            "mapping.invalid", .configuration,
            "The columns of the \(definition.origin) do not fit \(target.noun) \(target.name):\n\(errors.joined(separator: "\n"))",
            remedy: "`connecthost jobs preview` shows the mapping; correct the job's mapping section or the \(definition.origin).")
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
                "mobile.library", .configuration,
                "The library for the strict check of mobile numbers, libPhoneNumbers.so, is not beside the program.",
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

    /// Every batch, checked, in order; recycled when `body` returns.
    func forEachBatch(_ checker: RecordChecker, _ body: (CheckedBatch) throws -> Void) throws {
        while let batch = try next() {
            try environment.cancellation.check()
            let checked = checker.check(batch)
            try body(checked)
            checker.recycle(checked)
            give(batch)
        }
        // A queue that was abandoned ends like a file that ends: only this tells the two apart.
        try environment.cancellation.check()
    }
}
