import ConnectModel

/// What a job demands of a file as a whole, asked before anything is committed (IMP-5, IMP-16 and the volume gates).
struct LoadLimits {
    let definition: ImportDefinition
    /// From the count file, when the job has one.
    let expectedRecords: Int64?
    /// Of the job's earlier loads, newest first.
    let earlierCounts: [Int64]

    func check(_ totals: ImportTotals) throws {
        let read = totals.records.read
        if let expectedRecords, expectedRecords != read {
            throw ConnectError(
                "count.mismatch", .data, "The count file says \(expectedRecords) records, and the data file has \(read).",
                remedy: "Nothing was loaded. Ask for the whole file.")
        }
        if read == 0 && definition.failsIfEmpty {
            throw ConnectError(
                "file.empty", .data, "The \(definition.origin) holds no records, and the job says that this is a failure (options.fail_if_empty).")
        }
        try checkVolume(read)
        let percent = read > 0 ? Double(totals.records.rejected) * 100 / Double(read) : 0
        if percent > definition.maximumRejectedPercent {
            throw ConnectError(
                "limit.max-rejected", .data,
                "\(totals.records.rejected) of \(read) records were rejected; the job allows \(definition.maximumRejectedPercent) % (limits.max_rejected_percent).",
                remedy: "Nothing was loaded. `connecthost runs rejects` shows them.")
        }
    }

    private func checkVolume(_ read: Int64) throws {
        if read < definition.minimumRecords {
            throw ConnectError(
                "limit.min-records", .data,
                "The \(definition.origin) holds \(read) records; the job wants at least \(definition.minimumRecords) (limits.min_records).",
                remedy: "Nothing was loaded. Ask why there are so few, or lower the limit.")
        }
        if read > definition.maximumRecords {
            throw ConnectError(
                "limit.max-records", .data,
                "The \(definition.origin) holds \(read) records; the job wants at most \(definition.maximumRecords) (limits.max_records).",
                remedy: "Nothing was loaded. Ask whether it is the right \(definition.origin), or raise the limit.")
        }
        guard let allowed = definition.maximumDeviationPercent else { return }
        let before = earlierCounts.prefix(definition.deviationRuns)
        // Two runs are a coincidence, and no usual size yet.
        guard before.count >= 3 else { return }
        let usual = Double(before.reduce(0, +)) / Double(before.count)
        let deviation = usual > 0 ? abs(Double(read) - usual) * 100 / usual : read > 0 ? .infinity : 0
        if deviation > allowed {
            throw ConnectError(
                "limit.deviation", .data,
                "The \(definition.origin) holds \(read) records, where the last \(before.count) runs had \(Int64(usual.rounded())) on average; the job allows a deviation of \(allowed) % (limits.max_deviation_percent).",
                remedy: "Nothing was loaded. Ask whether the \(definition.origin) is whole, or raise the limit.")
        }
    }
}
