public import ArgumentParser
public import ConnectHost
public import ConnectModel

// Values of the model that options of lists take by their names.
extension JobQuery.Order: ExpressibleByArgument {}
extension RunQuery.Order: ExpressibleByArgument {}
extension Schedule.Kind: ExpressibleByArgument {}
extension RunStatus: ExpressibleByArgument {}

/// Which part of a long list is shown.
struct PageOptions: ParsableArguments {
    @Option(name: .long, help: "Most to show.") var limit: Int?
    @Option(name: .long, help: "Leave out so many at the beginning.") var offset = 0

    func validate() throws {
        guard limit ?? 0 >= 0, offset >= 0 else { throw ValidationError("--limit and --offset are 0 or more.") }
    }

    /// The line beneath a part of so many that others follow.
    func hint(_ limit: Int?, hasMore: Bool) -> String {
        guard hasMore, let limit, !offset.addingReportingOverflow(limit).overflow else { return "" }
        return "\nThere are more: --offset \(offset + limit)"
    }
}
