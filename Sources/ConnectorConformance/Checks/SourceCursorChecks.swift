import ConnectModel
import Foundation
import PluginABI

/// Going on where an earlier reading ended.
enum SourceCursorChecks {
    static let all: [ConformanceCheck] = [resume, atTheEnd, foreign]

    private static func check(_ id: String, _ title: String, _ body: @escaping @Sendable (CheckContext, SourceTrial) throws -> Void)
        -> ConformanceCheck
    {
        ConformanceCheck("source." + id, title, kinds: [.source], need: .connection, timeLimit: 60) { context in
            guard context.has(1 << 0) || context.has(1 << 1) else {
                throw CheckSkipped(sentence: "It claims neither CH_SF_INCREMENTAL nor CH_SF_RESUMABLE.")
            }
            try body(context, SourceTrial(context))
        }
    }

    private static func usable(_ cursor: (status: Int32, text: String), _ context: CheckContext) throws -> String {
        try context.require(cursor.status == CH_OK, "cursor failed with \(StatusName.of(cursor.status)).")
        try context.require(cursor.text.utf8.count <= 65536, "The cursor has \(cursor.text.utf8.count) bytes; hosts keep 64 KiB.")
        try context.require(JSONText.value(Data(cursor.text.utf8)) != nil, "The cursor \"\(cursor.text.prefix(60))\" is not JSON.")
        return cursor.text
    }

    private static let resume = check("cursor-resume", "A reading goes on at a cursor without losing or repeating rows") { context, trial in
        guard context.has(1 << 1) else { throw CheckSkipped(sentence: "It does not claim CH_SF_RESUMABLE.") }
        for name in try trial.names() {
            context.doing("resuming \(name)")
            let whole = try trial.read(name)
            guard !whole.isCut else {
                context.note("The stream \"\(name)\" is too long to be compared with itself.")
                continue
            }
            for stop in Set([0, 1, whole.batches.count / 2]) where stop <= whole.batches.count {
                let first = try trial.read(name, batches: stop)
                let second = try trial.read(name, from: try usable(first.cursor, context))
                let (all, both) = (whole.rows.sorted(), (first.rows + second.rows).sorted())
                context.expect(
                    all == both,
                    "Stopped after \(stop) of \(whole.batches.count) batches and gone on at the cursor, \"\(name)\" gave \(both.count) rows instead of \(all.count)\(both.count == all.count ? ", and others" : ""). The cursor covers exactly the batches that get_next has returned."
                )
            }
        }
        if try trial.names().allSatisfy({ try trial.read($0).batches.count < 2 }) {
            context.note("Each stream has one batch, so nothing was cut in the middle; try it with more rows.")
        }
    }

    private static let atTheEnd = check("cursor-end", "At the cursor of the end nothing comes that came before") { context, trial in
        for name in try trial.names() {
            context.doing("reading \(name) from its end")
            let whole = try trial.read(name)
            if whole.isCut { continue }
            let rest = try trial.read(name, from: try usable(whole.cursor, context))
            context.expect(
                rest.rows.isEmpty,
                "Read again from the cursor of its end, \"\(name)\" gave \(rest.rows.count) rows that had come before (or are new: nothing may change meanwhile)."
            )
        }
    }

    private static let foreign = check("cursor-foreign", "A cursor that is not its own is CH_E_CURSOR") { context, trial in
        let name = try trial.names()[0]
        for cursor in [#"{"connecthost":"not yours"}"#, "[]", "null", "\"x\"", "{\"row\":-1}"] {
            context.doing("the cursor \(cursor)")
            let call = RawCall()
            let (status, reader) = RawReader.open(trial.connector, trial.settings, stream: name, cursor: cursor, call)
            reader?.close()
            context.expect(
                status == CH_E_CURSOR,
                "open with the cursor \(cursor) returned \(StatusName.of(status)) instead of CH_E_CURSOR, so the host would not read everything again."
            )
            call.violations.forEach { context.fail($0) }
        }
    }
}
