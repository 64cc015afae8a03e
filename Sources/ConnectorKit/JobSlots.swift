import PluginABI

/// The C functions of the job kinds of one library. A C function knows nothing of what it is called for, so each kind has functions of its own,
/// which differ in a number.
enum JobSlots {
    struct Slot {
        let run: @convention(c) (UnsafePointer<ch_call>?, UnsafePointer<ch_run>?, UnsafePointer<CChar>?, ch_sink) -> Int32
        let validate: @convention(c) (UnsafePointer<ch_call>?, UnsafePointer<CChar>?, ch_sink) -> Int32
        let check: @convention(c) (UnsafePointer<ch_call>?, UnsafePointer<CChar>?) -> Int32
        let `extension`: @convention(c) (UnsafePointer<CChar>?) -> UnsafeRawPointer?
    }

    static let all: [Slot] = [
        Slot(
            run: { run(0, $0, $1, $2, $3) }, validate: { validate(0, $0, $1, $2) }, check: { check(0, $0, $1) },
            extension: { planning($0, plans[0]) }),
        Slot(
            run: { run(1, $0, $1, $2, $3) }, validate: { validate(1, $0, $1, $2) }, check: { check(1, $0, $1) },
            extension: { planning($0, plans[1]) }),
        Slot(
            run: { run(2, $0, $1, $2, $3) }, validate: { validate(2, $0, $1, $2) }, check: { check(2, $0, $1) },
            extension: { planning($0, plans[2]) }),
        Slot(
            run: { run(3, $0, $1, $2, $3) }, validate: { validate(3, $0, $1, $2) }, check: { check(3, $0, $1) },
            extension: { planning($0, plans[3]) }),
        Slot(
            run: { run(4, $0, $1, $2, $3) }, validate: { validate(4, $0, $1, $2) }, check: { check(4, $0, $1) },
            extension: { planning($0, plans[4]) }),
        Slot(
            run: { run(5, $0, $1, $2, $3) }, validate: { validate(5, $0, $1, $2) }, check: { check(5, $0, $1) },
            extension: { planning($0, plans[5]) }),
        Slot(
            run: { run(6, $0, $1, $2, $3) }, validate: { validate(6, $0, $1, $2) }, check: { check(6, $0, $1) },
            extension: { planning($0, plans[6]) }),
        Slot(
            run: { run(7, $0, $1, $2, $3) }, validate: { validate(7, $0, $1, $2) }, check: { check(7, $0, $1) },
            extension: { planning($0, plans[7]) }),
    ]

    /// Constant tables, one a kind; made once.
    nonisolated(unsafe) private static let plans: [UnsafePointer<ch_job_plan>] = [
        table { plan(0, $0, $1, $2) },
        table { plan(1, $0, $1, $2) },
        table { plan(2, $0, $1, $2) },
        table { plan(3, $0, $1, $2) },
        table { plan(4, $0, $1, $2) },
        table { plan(5, $0, $1, $2) },
        table { plan(6, $0, $1, $2) },
        table { plan(7, $0, $1, $2) },
    ]

    private static func table(
        _ plan: @convention(c) (UnsafePointer<ch_call>?, UnsafePointer<CChar>?, ch_sink) -> Int32
    ) -> UnsafePointer<ch_job_plan> {
        var table = ch_job_plan()
        table.struct_size = UInt32(MemoryLayout<ch_job_plan>.size)
        table.plan = plan
        return LibraryTables.constant(table)
    }

    private static func planning(_ id: UnsafePointer<CChar>?, _ table: UnsafePointer<ch_job_plan>) -> UnsafeRawPointer? {
        text(id) == CH_EXT_JOB_PLAN ? UnsafeRawPointer(table) : nil
    }

    private static func job(_ slot: Int) throws(ConnectorError) -> ExportedJob {
        guard exportedJobs.indices.contains(slot) else { throw ConnectorError(.internal, "The connector was not set up.") }
        return exportedJobs[slot]
    }

    private static func run(
        _ slot: Int, _ call: UnsafePointer<ch_call>?, _ run: UnsafePointer<ch_run>?, _ json: UnsafePointer<CChar>?, _ sink: ch_sink
    ) -> Int32 {
        answering(call) { host throws(ConnectorError) in
            guard let run else { throw ConnectorError(.internal, "The host gave no run.") }
            try require(put(JobResult.json(try job(slot).run(text(json), HostRun(run: run, call: host.call), host)), sink))
        }
    }

    private static func validate(_ slot: Int, _ call: UnsafePointer<ch_call>?, _ json: UnsafePointer<CChar>?, _ sink: ch_sink) -> Int32 {
        answering(call) { _ throws(ConnectorError) in
            try require(put(LibraryTables.findings(try job(slot).connector.validate(text(json))), sink))
        }
    }

    private static func check(_ slot: Int, _ call: UnsafePointer<ch_call>?, _ json: UnsafePointer<CChar>?) -> Int32 {
        answering(call) { context throws(ConnectorError) in try job(slot).connector.check(text(json), context) }
    }

    /// Puts "null" where there is no plan.
    private static func plan(_ slot: Int, _ call: UnsafePointer<ch_call>?, _ json: UnsafePointer<CChar>?, _ sink: ch_sink) -> Int32 {
        answering(call) { _ throws(ConnectorError) in try require(put(try job(slot).plan(text(json))?.json ?? "null", sink)) }
    }
}
