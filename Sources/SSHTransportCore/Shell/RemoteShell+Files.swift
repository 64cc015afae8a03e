public import ConnectorKit

/// What a session does with names, by commands of POSIX. Paths are bytes as the server gets them; `name` is what messages call the thing.
extension RemoteShell {
    /// The directory with links resolved, absolute. Throws `.notFound`.
    public func realPath(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) -> [UInt8] {
        var found: [UInt8] = []
        // The point keeps line ends at the end of the name, which a substitution takes away.
        let line =
            "\(try assign("p", path)); m=$(ls -d \"$p/.\" 2>&1 >/dev/null); s=$?; if [ $s = 0 ]; then d=$(cd \"$p\" && pwd -P && echo .); printf '%s\\0' \"${d%??}\"; fi"
        try expect(run(line, call) { found = $0 }, "be opened", name)
        return found
    }

    /// Follows links. Throws `.notFound`.
    public func stat(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) -> SFTPAttributes {
        var entry: ShellEntry?
        let line = "\(try assign("p", path)); \(look(follow: true)); if [ $s = 0 ]; then printf '\(origin) %s \\0' \"$m\"; m=; fi"
        try expect(run(line, call) { entry = ShellEntry($0) }, "be looked at", name)
        guard let entry else { throw ConnectorError(.unsupported, "\(serverName) did not tell about \(name) in a way that is understood.") }
        return entry.attributes
    }

    /// The names of one directory. They are all there before the first is handed over.
    public func list(
        _ path: [UInt8], name: String, _ call: any CallContext, _ each: (SFTPName) throws(ConnectorError) -> Void
    ) throws(ConnectorError) {
        var entries: [ShellEntry] = []
        var misunderstood = 0
        let line = "m=$(ls \"$p/.\" 2>&1 >/dev/null); s=$?; if [ $s = 0 ]; then (cd \"$p\" && \(walk)) 2>/dev/null; s=0; m=; fi"
        let outcome = try run("\(try assign("p", path)); \(line)", call) {
            if let entry = ShellEntry($0) { entries.append(entry) } else { misunderstood += 1 }
        }
        try expect(outcome, "be listed", name)
        if misunderstood > 0 { call.log(.warning, "Some names of the server could not be told.", ["directory": name, "names": "\(misunderstood)"]) }
        for entry in entries { try each(SFTPName(filename: entry.name, attributes: entry.attributes)) }
    }

    /// Prints every name of the directory the shell is in, with what is known of it.
    private var walk: String {
        if hasFind { return "find . ! -name . -prune -printf 'l %M %s %T@ %f\\0'" }
        return "for p in * .[!.]* ..?*; do n=$p; p=./$p; if [ -e \"$p\" ] || [ -L \"$p\" ]; then \(look(follow: false)); "
            + "if [ $s = 0 ]; then printf '\(origin) %s %s\\0' \"$m\" \"$n\"; fi; fi; done"
    }

    /// Leaves mode, size and time of `$p` in `m`, or the complaint.
    private func look(follow: Bool) -> String {
        switch origin {
        case "x": return "m=$(stat \(follow ? "-L " : "")-c '%f %s %Y' \"$p\" 2>&1); s=$?"
        case "o": return "m=$(stat \(follow ? "-L " : "")-f '%p %z %m' \"$p\" 2>&1); s=$?"
        default:
            return "m=$(ls -ldn\(follow ? "L" : "") \"$p\" 2>&1); s=$?; "
                + "if [ $s = 0 ]; then set -f; set -- $m; set +f; m=\"$1 $5 -\"; fi"
        }
    }

    /// Without `replace` an existing target is `.exists`; a file gets its new name by a link then, so that nobody's is lost in between.
    public func rename(
        _ from: [UInt8], name: String, to target: [UInt8], targetName: String, replace: Bool, _ call: any CallContext
    ) throws(ConnectorError) {
        let exists = "[ -e \"$t\" ] || [ -L \"$t\" ]"
        let move = "m=$(mv -f \"$p\" \"$t\" 2>&1); s=$?"
        let guarded =
            replace
            ? "if [ -d \"$t\" ]; then s=1; m='File exists'; else \(move); fi"
            : "if \(exists); then s=1; m='File exists'; elif [ -f \"$p\" ] && ln \"$p\" \"$t\" 2>/dev/null; then m=$(rm -f \"$p\" 2>&1); s=$?; "
                + "elif \(exists); then s=1; m='File exists'; else \(move); fi"
        let outcome = try run("\(try assign("p", from)); \(try assign("t", target)); \(guarded)", call)
        if outcome.message == "File exists" {
            throw ConnectorError(.exists, "\(name) was not renamed: \(targetName) exists already on \(serverName).")
        }
        try expect(outcome, "be renamed to \(targetName)", name)
    }

    public func remove(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) {
        let line = "if [ -d \"$p\" ] && [ ! -L \"$p\" ]; then s=1; m='Is a directory'; else m=$(rm \"$p\" 2>&1); s=$?; fi"
        try expect(run("\(try assign("p", path)); \(line)", call), "be removed", name)
    }

    /// Clears up after a failure: whatever the host says meanwhile, and within `milliseconds`.
    public func removeQuietly(_ path: [UInt8], milliseconds: Int64) {
        guard let assignment = try? assign("p", path) else { return }
        let limits = WaitLimits(stallMilliseconds: milliseconds, deadlineMilliseconds: MonotonicClock.milliseconds() + milliseconds, call: nil)
        // Nothing can be done about a server that does not let us; the caller has its error already.
        _ = try? ask("\(assignment); rm -f \"$p\" 2>/dev/null; s=0; m=", limits) { _ in }
    }

    /// Succeeds when the directory is there already.
    public func makeDirectory(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) {
        let line = "if [ -d \"$p\" ]; then s=0; m=; else m=$(mkdir \"$p\" 2>&1); s=$?; fi"
        try expect(run("\(try assign("p", path)); \(line)", call), "be made", "The directory \(name)")
    }

    /// Throws `.notEmpty` when something is in it.
    public func removeDirectory(_ path: [UInt8], name: String, _ call: any CallContext) throws(ConnectorError) {
        try expect(run("\(try assign("p", path)); m=$(rmdir \"$p\" 2>&1); s=$?", call), "be removed", "The directory \(name)")
    }

    /// - Parameter seconds: since 1970 UTC.
    public func setModified(_ path: [UInt8], seconds: Int64, name: String, _ call: any CallContext) throws(ConnectorError) {
        let line = "m=$(TZ=UTC0 touch -c -t \(TouchTime.text(seconds)) \"$p\" 2>&1); s=$?"
        try expect(run("\(try assign("p", path)); \(line)", call), "get its time", name)
    }

    private func assign(_ variable: String, _ path: [UInt8]) throws(ConnectorError) -> String {
        try "\(variable)=\(ShellWord(path: path).text())"
    }

    private func expect(_ outcome: ShellReplyReader.Outcome, _ verb: String, _ name: String) throws(ConnectorError) {
        guard outcome.status != 0 else { return }
        throw RemoteMessage.error(outcome.message, verb, name, serverName)
    }
}

/// The form of a time that every `touch` takes: YYYYMMDDhhmm.SS in UTC, years 1970 to 9999.
enum TouchTime {
    static func text(_ seconds: Int64) -> String {
        let seconds = min(max(seconds, 0), 253_402_300_799)
        let (days, second) = (seconds / 86400, seconds % 86400)
        // Years that begin in March put the leap day last; 719,468 days lie between 0000-03-01 and 1970-01-01.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * march + 2) / 5 + 1
        let month = march < 10 ? march + 3 : march - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return padded(year, 4) + padded(month, 2) + padded(day, 2) + padded(second / 3600, 2) + padded(second / 60 % 60, 2) + "."
            + padded(second % 60, 2)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
