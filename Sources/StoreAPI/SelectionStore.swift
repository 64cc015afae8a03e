public import ConnectModel

/// Filters, audiences and views under their names, and how far each export job has got. Any thread. All throw `ConnectError`.
public protocol SelectionStore: AnyObject, Sendable {
    /// By name.
    func savedSelections(_ kind: SavedSelection.Kind) throws -> [SavedSelection]
    func savedSelection(_ kind: SavedSelection.Kind, named name: String) throws -> SavedSelection?
    /// Adds it or takes the place of the one of its kind and name.
    func save(_ selection: SavedSelection) throws
    func removeSelection(_ kind: SavedSelection.Kind, named name: String) throws

    /// What the last export of the job that succeeded has read up to (EXP-2); nil before the first.
    func exportMark(of job: JobID) throws -> (run: RunID, mark: ChangeMark)?
}
