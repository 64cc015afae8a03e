import ConnectModel

/// Match fields must hold a value (IMP-8), and so must the addresses of the channels that the job requires (IMP-9).
///
/// The postal address is empty when both street lines are. A channel none of whose address fields is mapped is empty in every
/// record; the mapping plan reports that before the run.
struct PresenceRule {
    private struct Requirement {
        /// Columns of the file of which at least one must hold a value.
        var columns: [Int]
        var reason: RejectReason
        var field: String
    }

    private let requirements: [Requirement]

    /// The fields that hold a channel's address.
    static func addressFields(of channel: Channel) -> [String] {
        switch channel {
        case .email: ["EMAIL_ADDRESS_"]
        case .mobile: ["MOBILE_NUMBER_"]
        case .postal: ["POSTAL_STREET_1_", "POSTAL_STREET_2_"]
        }
    }

    init(mapped: [MappedColumn], policy: MergePolicy) {
        func columns(_ fields: [String]) -> [Int] { mapped.filter { fields.contains($0.field.name) }.map(\.sourceIndex) }
        requirements =
            policy.match.map { Requirement(columns: columns([$0]), reason: .emptyMatchKey, field: $0) }
            + policy.rejectIfEmpty.map { channel in
                let fields = Self.addressFields(of: channel)
                return Requirement(columns: columns(fields), reason: .emptyChannel, field: fields[0])
            }
    }

    func run(_ batch: RecordBatch, reject: (Int, RejectReason, String?) -> Void) {
        for requirement in requirements {
            let columns = requirement.columns.map { batch.columns[$0] }
            for row in 0..<batch.rowCount where !columns.contains(where: { holdsValue($0[row]) }) {
                reject(row, requirement.reason, requirement.field)
            }
        }
    }

    @inline(__always)
    private func holdsValue(_ value: UnsafeRawBufferPointer) -> Bool {
        guard let first = value.first else { return false }
        return !Trimming.isBlank(first) || !Trimming.trimmed(value).isEmpty
    }
}
