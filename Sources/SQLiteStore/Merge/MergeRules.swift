import ConnectModel
import Foundation
import StoreAPI

/// What a staged row does to a row of its table: IMP-8, IMP-9, IMP-12 and IMP-13 as Docs/merge-rules.md has them. Decides; reads and writes nothing.
final class MergeRules {
    private struct Assignment {
        var staged: Int
        var place: Int
        var isKey: Bool
    }

    private struct ChannelRule {
        var address: Int
        var status: Int
        var broughtStatus: Int?
    }

    private let policy: MergePolicy
    private var plain: [Assignment] = []
    private var derived: [Assignment] = []
    private var channels: [ChannelRule] = []
    /// Nil in tables that hold no address.
    private let email: Int?
    private let created: Int
    private let modified: Int
    private let change: Int
    private let changeNumber: Cell
    private let changeBytes: UnsafeMutableRawBufferPointer
    private let now: Cell
    private let defaultStatus: Cell
    private let nowText: UnsafeMutableRawBufferPointer
    private let statusText: UnsafeMutableRawBufferPointer
    private var hadAddress: [Bool]

    /// What reaches a person, and whether it may; a table has all, one or none of these.
    private static let fields: [(address: String, status: String)] = [
        ("EMAIL_ADDRESS_", "EMAIL_PERMISSION_STATUS_"),
        ("MOBILE_NUMBER_", "MOBILE_PERMISSION_STATUS_"),
        ("POSTAL_STREET_1_", "POSTAL_PERMISSION_STATUS_"),
        ("DEVICE_ID_", "CHANNEL_PERMISSION_STATUS_"),
    ]

    /// `change`: the number that the load will have among those of its table.
    init(_ plan: TableLoadPlan, _ layout: MergeLayout, change number: Int64) throws {
        policy = plan.policy
        func place(_ name: String) throws -> Int {
            guard let place = layout.table.place(of: name) else { throw AudienceStoreError.fieldMissing(name, plan.table) }
            return place
        }
        email = layout.table.place(of: "EMAIL_ADDRESS_")
        created = try place("CREATED_DATE_")
        modified = try place("MODIFIED_DATE_")
        change = try place(TableLayout.change.name)
        changeBytes = .allocate(byteCount: 8, alignment: 8)
        changeNumber = changeBytes.baseAddress.map { NumberForm.cell(number, $0) } ?? .null
        nowText = MergeRules.kept(MergeRules.timestamp(plan.loadedAtUnixMilliseconds))
        statusText = MergeRules.kept(plan.policy.defaultPermission.stored)
        now = .text(UnsafeRawBufferPointer(nowText))
        defaultStatus = .text(UnsafeRawBufferPointer(statusText))
        hadAddress = []
        let statuses = Set(MergeRules.fields.map(\.status))
        for (index, field) in layout.columns.enumerated() {
            // The row's id, and what only serves to find it, is not written.
            guard let place = layout.places[index], place > 0 else { continue }
            let assignment = Assignment(staged: index, place: place, isKey: plan.policy.match.contains(field.name))
            if ProfileList.fieldsOfAddress.contains(field.name) {
                derived.append(assignment)
            } else if !statuses.contains(field.name) {
                plain.append(assignment)
            }
        }
        // Without the address in the file its derived values mean nothing: they are keys, or left over.
        if !layout.columns.contains(where: { $0.name == "EMAIL_ADDRESS_" }) { derived = [] }
        channels = MergeRules.fields.compactMap { field in
            guard let address = layout.table.place(of: field.address), let status = layout.table.place(of: field.status) else { return nil }
            return ChannelRule(address: address, status: status, broughtStatus: layout.columns.firstIndex { $0.name == field.status })
        }
        hadAddress = [Bool](repeating: false, count: channels.count)
    }

    deinit {
        nowText.deallocate()
        changeBytes.deallocate()
        statusText.deallocate()
    }

    /// Fills `row`, all NULL so far, from `staged`. The cells point into the staged row and into this object.
    func insert(_ staged: UnsafePointer<Cell>, into row: UnsafeMutablePointer<Cell>) {
        for assignment in plain { row[assignment.place] = staged[assignment.staged] }
        for assignment in derived { row[assignment.place] = staged[assignment.staged] }
        for channel in channels {
            let brought = channel.broughtStatus.map { staged[$0] } ?? .null
            row[channel.status] = brought.isNull && !row[channel.address].isNull ? defaultStatus : brought
        }
        row[created] = now
        row[modified] = now
        row[change] = changeNumber
    }

    /// Changes `row` and notes in `changed` the places that are new. False: the row stays as it is.
    func update(_ staged: UnsafePointer<Cell>, _ row: UnsafeMutablePointer<Cell>, changed: inout [Int]) -> Bool {
        changed.removeAll(keepingCapacity: true)
        guard policy.onMatch != .keep else { return false }
        for index in channels.indices { hadAddress[index] = !row[channels[index].address].isNull }
        var emailChanged = false
        for assignment in plain where !assignment.isKey {
            let new = staged[assignment.staged]
            let old = row[assignment.place]
            if new.isNull {
                guard policy.onMatch == .update, policy.emptyValue == .clear, !old.isNull else { continue }
            } else {
                guard policy.onMatch == .update || old.isNull, !new.isSame(as: old) else { continue }
            }
            row[assignment.place] = new
            changed.append(assignment.place)
            if assignment.place == email { emailChanged = true }
        }
        for index in channels.indices { permission(channels[index], hadAddress[index], staged, row, &changed) }
        guard !changed.isEmpty else { return false }
        if let email, emailChanged {
            for assignment in derived {
                row[assignment.place] = row[email].isNull ? .null : staged[assignment.staged]
                changed.append(assignment.place)
            }
        }
        row[modified] = now
        row[change] = changeNumber
        changed.append(modified)
        changed.append(change)
        return true
    }

    private func permission(
        _ channel: ChannelRule, _ hadAddress: Bool, _ staged: UnsafePointer<Cell>, _ row: UnsafeMutablePointer<Cell>, _ changed: inout [Int]
    ) {
        let old = row[channel.status]
        var new = channel.broughtStatus.map { staged[$0] } ?? .null
        if new.isNull {
            // An empty status is no word about it, whatever `emptyValue` says.
            guard !hadAddress, !row[channel.address].isNull, old.isNull else { return }
            new = defaultStatus
        } else {
            if policy.onMatch == .updateEmpty, !old.isNull { return }
            if !policy.optInAgain, MergeRules.isOptOut(old), !MergeRules.isOptOut(new) { return }
        }
        guard !new.isSame(as: old) else { return }
        row[channel.status] = new
        changed.append(channel.status)
    }

    private static func isOptOut(_ cell: Cell) -> Bool { cell.count == 1 && cell.bytes?.load(as: UInt8.self) == UInt8(ascii: "O") }

    private static func kept(_ text: String) -> UnsafeMutableRawBufferPointer {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(text.utf8.count, 1), alignment: 8)
        buffer.copyBytes(from: text.utf8)
        return buffer
    }

    /// "YYYY-MM-DD HH:MM:SS" in UTC.
    static func timestamp(_ unixMilliseconds: Int64) -> String {
        var seconds = time_t(unixMilliseconds >= 0 ? unixMilliseconds / 1000 : (unixMilliseconds - 999) / 1000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func padded(_ value: Int32, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let date = "\(padded(parts.tm_year + 1900, 4))-\(padded(parts.tm_mon + 1, 2))-\(padded(parts.tm_mday, 2))"
        return date + " \(padded(parts.tm_hour, 2)):\(padded(parts.tm_min, 2)):\(padded(parts.tm_sec, 2))"
    }
}
