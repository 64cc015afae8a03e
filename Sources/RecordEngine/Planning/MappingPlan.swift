public import ConnectModel

/// A column of the file and the field its values go to.
public struct MappedColumn: Sendable, Codable, Equatable {
    /// Position in the file, from 0.
    public var sourceIndex: Int
    public var sourceName: String
    public var field: Field
    /// How the two were brought together, for people: "same name", "CUST_ID -> CUSTOMER_ID_ (known alias)".
    public var reason: String
    /// 1 for what the job says and for equal names, less for what was inferred.
    public var confidence: Double

    public init(sourceIndex: Int, sourceName: String, field: Field, reason: String, confidence: Double = 1) {
        self.sourceIndex = sourceIndex
        self.sourceName = sourceName
        self.field = field
        self.reason = reason
        self.confidence = confidence
    }
}

/// A column of the file that goes nowhere.
public struct UnmappedColumn: Sendable, Codable, Equatable {
    public var sourceIndex: Int
    public var sourceName: String
    public var reason: String
}

/// Which column of a file goes to which field of a table (IMP-6), with everything that is wrong with it.
public struct MappingPlan: Sendable, Codable, Equatable {
    /// In file order; at most one a field.
    public internal(set) var columns: [MappedColumn] = []
    public internal(set) var unmapped: [UnmappedColumn] = []
    /// Fields that must be added to the table before the load.
    public internal(set) var newFields: [Field] = []
    /// All findings; paths are those of the job file (`mapping.fields.mail`, `target.match`).
    public internal(set) var problems: [Problem] = []

    /// Whether an import may run by it: no problem is an error.
    public var isUsable: Bool { !problems.contains { $0.severity == .error } }

    /// - Parameters:
    ///   - header: names of the columns as they stand there.
    ///   - origin: what has those columns, for the sentences of problems.
    ///   - manual: column of the file to field, as the job says; overrules what `auto` would find. Names of columns are compared as
    ///     written first, then without regard to case.
    ///   - auto: whether columns find their fields by name: equal after `FieldNameRule`, a known alias of a system field, or equal but for `_`.
    ///   - newFields: fields that may be added when the list does not have them; columns map onto them as onto the list's own.
    ///   - ignored: columns that are left out on purpose.
    public static func make(
        header: [String], from origin: ColumnOrigin = .file, target: MappingTarget, manual: [String: String] = [:], auto: Bool = true,
        newFields: [Field] = [], ignored: [String] = [],
        policy: MergePolicy
    ) -> MappingPlan {
        var planner = MappingPlanner(header: header, origin: origin, target: target, newFields: newFields, policy: policy)
        planner.ignore(ignored)
        planner.checkNewFields()
        planner.mapManually(manual)
        planner.checkHeader()
        if auto { planner.mapAutomatically() }
        return planner.finished()
    }
}
