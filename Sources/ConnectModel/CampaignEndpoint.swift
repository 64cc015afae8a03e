/// Where campaigns are launched after a load (ACT-3).
public struct CampaignEndpoint: Sendable, Codable, Equatable {
    public enum Profile: String, Sendable, Codable, CaseIterable {
        /// The REST interface of the campaign service that the guide belongs to: a log-in gives a token, `campaigns/NAME/schedule` launches.
        case rest
        /// One POST of a JSON object to `url`, in which {campaign} stands for the campaign's name.
        case plain
    }

    /// What becomes of a launch of which nobody knows whether the far side began it.
    public enum Unsure: String, Sendable, Codable, CaseIterable {
        /// Called again, as every message is: at least once.
        case retry
        /// Given up, so that a person looks before customers get it twice.
        case hold
    }

    public var profile: Profile
    /// `rest`: the log-in host, such as https://login.example.net; `plain`: the address to post to.
    public var url: String
    public var user: String?
    /// `rest`: the user's password; `plain`: sent as `Authorization: Bearer …`.
    public var secret: SecretReference?
    public var timeoutSeconds: Int64
    public var unsure: Unsure

    public init(profile: Profile, url: String, user: String?, secret: SecretReference?, timeoutSeconds: Int64 = 60, unsure: Unsure = .retry) {
        self.profile = profile
        self.url = url
        self.user = user
        self.secret = secret
        self.timeoutSeconds = timeoutSeconds
        self.unsure = unsure
    }

    /// Messages between two progress alerts that the service knows, and its names for them.
    public static let progressChunks: [Int64: String] = [
        10_000: "CHUNK_10K", 50_000: "CHUNK_50K", 100_000: "CHUNK_100K", 500_000: "CHUNK_500K", 1_000_000: "CHUNK_1M",
    ]

    public func problems() -> [Problem] {
        var found: [Problem] = []
        if let wrong = WebAddress.problem(with: url) { found.append(Problem(path: "url", message: wrong)) }
        if profile == .rest, user?.isEmpty ?? true || secret == nil {
            found.append(Problem(path: "user", message: "The profile rest logs in: give a user and a password."))
        }
        if profile == .plain, user != nil { found.append(Problem(path: "user", message: "The profile plain has no user; give a secret alone.")) }
        if !(1...600).contains(timeoutSeconds) {
            found.append(Problem(path: "timeout", message: "The time-out is from 1 to 600 seconds; \(timeoutSeconds) is not."))
        }
        return found
    }
}
