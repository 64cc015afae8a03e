public import ConnectModel

/// Turns batches of a file into batches of a list: picks the mapped columns, checks and normalises every value, adds derived columns.
///
/// Of a row that breaks several rules the first one counts, in this order: match fields empty, required channel empty, then the
/// mapped columns in their order. Made once a run; one thread at a time (`recycle` any thread).
public final class RecordChecker {
    /// Fields of the batches it makes, in column order: the mapped ones, then those derived from the e-mail address and the mobile number
    /// (`EMAIL_DOMAIN_` text, `EMAIL_MD5_HASH_` 16 raw bytes, `EMAIL_SHA256_HASH_` 32), if it is mapped and the file does not bring them.
    public let columns: [Field]

    private let mapped: [MappedColumn]
    private let checks: [ColumnCheck]
    private let presence: PresenceRule
    private let derived: DerivedColumns
    private let emailColumn: Int?
    private let mobileColumn: Int?
    /// Column of the file with the ISO country of the record's mobile number.
    private let mobileCountrySource: Int?
    private let pool = ColumnPool()

    /// `mapped` comes from a plan without errors; with `derives` the fields that follow from the e-mail address are added.
    /// The source indexes of the columns are columns of the batches that will be checked. With `phoneNumbers` mobile numbers are checked strictly.
    public init(
        mapped: [MappedColumn], policy: MergePolicy, rules: CheckRules, topLevelDomains: TopLevelDomains, derives: Bool = true,
        phoneNumbers: PhoneNumberLibrary? = nil
    ) {
        self.mapped = mapped
        let fields = mapped.map(\.field)
        checks = fields.map { ColumnCheck($0, rules, topLevelDomains, isKey: policy.match.contains($0.name), phoneNumbers: phoneNumbers) }
        presence = PresenceRule(mapped: mapped, policy: policy)
        derived = DerivedColumns(mapped: derives ? fields : [], mobileFormat: rules.mobileFormat)
        emailColumn = fields.firstIndex { $0.name == "EMAIL_ADDRESS_" }
        mobileColumn = fields.firstIndex { $0.name == "MOBILE_NUMBER_" }
        mobileCountrySource = mapped.first { $0.field.name == "MOBILE_COUNTRY_" }?.sourceIndex
        columns = fields + derived.fields
    }

    /// Reads `batch`, whose columns are those of the file.
    public func check(_ batch: RecordBatch) -> CheckedBatch {
        let rows = batch.rowCount
        var accepted = [Bool](repeating: true, count: rows)
        var rejects: [RowReject] = []
        var output: [TextColumn] = []
        var cut: [String: Int] = [:]
        accepted.withUnsafeMutableBufferPointer { accepted in
            func reject(_ row: Int, _ reason: RejectReason, _ field: String?) {
                guard accepted[row] else { return }
                accepted[row] = false
                rejects.append(RowReject(row: row, reason: reason, field: field))
            }
            presence.run(batch, reject: reject)
            for (column, check) in zip(mapped, checks) {
                let input = batch.columns[column.sourceIndex]
                if check.acceptsUnchanged(input, rows: rows) {
                    output.append(input)
                } else {
                    let fresh = pool.take()
                    switch check {
                    case .mobile(let rule) where rule.needsCountry:
                        check.runMobile(rule, input, countries: mobileCountrySource.map { batch.columns[$0] }, rows: rows, into: fresh) {
                            reject($0, $1, column.field.name)
                        }
                    case .cutText(let rule): cut[column.field.name] = check.cut(rule, input, rows: rows, into: fresh)
                    default: check.run(input, rows: rows, into: fresh) { reject($0, $1, column.field.name) }
                    }
                    output.append(fresh)
                }
            }
            for _ in derived.fields { output.append(pool.take()) }
            derived.fill(
                output[mapped.count...], emails: emailColumn.map { output[$0] }, mobiles: mobileColumn.map { output[$0] }, rows: rows,
                accepted: accepted)
        }
        return CheckedBatch(
            batch: checkedBatch(output, like: batch), accepted: accepted, acceptedCount: rows - rejects.count,
            rejects: Self.merged(rejects, batch), cut: cut.filter { $0.value > 0 }, source: batch)
    }

    /// Takes back the columns it made for a batch that nobody reads any more; the batch that was checked then goes back to its reader.
    public func recycle(_ checked: CheckedBatch) {
        let source = checked.source.columns
        for column in checked.batch.columns where !source.contains(where: { $0 === column }) { pool.give(column) }
    }

    private struct RowReject {
        var row: Int
        var reason: RejectReason
        var field: String?
    }

    private func checkedBatch(_ columns: [TextColumn], like batch: RecordBatch) -> RecordBatch {
        let checked = RecordBatch(columns: columns)
        checked.rowCount = batch.rowCount
        checked.lineNumbers = batch.lineNumbers
        return checked
    }

    /// Rejected rows and malformed records in line order.
    private static func merged(_ rows: [RowReject], _ batch: RecordBatch) -> [RecordReject] {
        guard !rows.isEmpty || !batch.malformed.isEmpty else { return [] }
        var all = batch.malformed.map { RecordReject(line: $0.line, reason: $0.reason, raw: $0.raw) }
        for reject in rows {
            all.append(
                RecordReject(line: batch.lineNumbers[reject.row], reason: reject.reason, field: reject.field, raw: batch.keptRecord(reject.row)))
        }
        return all.sorted { $0.line < $1.line }
    }
}
