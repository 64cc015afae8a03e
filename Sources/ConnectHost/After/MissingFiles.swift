import ConnectModel
import Foundation
import RunEngine
import StoreAPI

/// Finds jobs that have taken no file by the time of day that their options name.
struct MissingFiles {
    private let host: Installation

    init(_ host: Installation) { self.host = host }

    /// One message an address, job and day; the id keeps it from being sent twice. Days that passed while nobody looked are left out.
    func messages(atUnixMilliseconds now: Int64) throws -> [OutboxMessage] {
        try host.control.jobs(mentioning: "no_file_by").filter(\.active).flatMap { job -> [OutboxMessage] in
            let options = FollowUpOptions(definition: job.definition)
            guard let notification = options.notification, let missed = missed(notification, now),
                try !hasFile(job, since: missed.dayBegan)
            else { return [] }
            let content = OutboxMessage.Content.missingFile(
                MissingFile(job: job.name, day: missed.day, time: missed.time, zone: notification.zone))
            return notification.to.map { address in
                OutboxMessage(
                    .mail, origin: "job/\(job.id)", target: address, content, atUnixMilliseconds: now, idSuffix: "\(address)/no-file/\(missed.day)")
            }
        }
    }

    private struct Missed {
        var dayBegan: Int64
        var day: String
        var time: String
    }

    /// Today's time, if it has passed and today is one of the days.
    private func missed(_ notification: FollowUpOptions.Notification, _ now: Int64) -> Missed? {
        guard let minute = notification.noFileByMinute, let zone = TimeZone(identifier: notification.zone) else { return nil }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let date = Date(timeIntervalSince1970: Double(now) / 1000)
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .weekday], from: date)
        guard let hour = parts.hour, let past = parts.minute, let weekday = parts.weekday, hour * 60 + past >= minute else { return nil }
        // Calendar counts from Sunday, people from Monday.
        guard notification.noFileDays.contains((weekday + 5) % 7 + 1) else { return nil }
        let day = String(format: "%04d-%02d-%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0)
        return Missed(
            dayBegan: Int64(calendar.startOfDay(for: date).timeIntervalSince1970 * 1000), day: day,
            time: String(format: "%02d:%02d", minute / 60, minute % 60))
    }

    private func hasFile(_ job: Job, since limit: Int64) throws -> Bool {
        try host.control.runs(job: job.id, limit: 100).contains { $0.createdAtUnixMilliseconds >= limit && $0.source != nil }
    }
}
