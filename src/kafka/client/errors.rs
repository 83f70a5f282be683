//! What each error code of the client asks for; tables, and nothing else.

use rdkafka::error::RDKafkaErrorCode as Code;

use crate::kafka::source::CommitError;

/// What to do about an error that polling brought up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kafka) enum PollError {
    /// Nothing can be reached.
    Down,
    /// The client repairs it by itself.
    Passing,
    /// An operator has to know, once.
    Alarm,
    /// The client is dead.
    Fatal,
}

pub(in crate::kafka) fn of_poll(code: Code) -> PollError {
    match code {
        Code::Fatal
        | Code::Fenced
        | Code::FencedInstanceId
        | Code::FencedMemberEpoch
        | Code::UnreleasedInstanceId
        | Code::InvalidRequest => PollError::Fatal,
        Code::AllBrokersDown => PollError::Down,
        Code::BrokerTransportFailure
        | Code::Resolve
        | Code::OperationTimedOut
        | Code::RequestTimedOut
        | Code::NetworkException
        | Code::CoordinatorLoadInProgress
        | Code::CoordinatorNotAvailable
        | Code::NotCoordinator
        | Code::WaitingForCoordinator
        | Code::RebalanceInProgress
        | Code::PartitionEOF
        | Code::NoOffset
        | Code::UnstableOffsetCommit => PollError::Passing,
        _ => PollError::Alarm,
    }
}

/// What an operator can do about it, where librdkafka's words do not name the option.
pub(in crate::kafka) fn advice(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::InvalidSessionTimeout => {
            "set `session.timeout.ms` to what lies between the brokers' `group.min.session.timeout.ms` and \
             `group.max.session.timeout.ms`"
        }
        Code::InconsistentGroupProtocol => {
            "`partition.assignment.strategy` has none in common with the group's other members; see who they are, and set it \
             to theirs"
        }
        Code::GroupAuthorizationFailed => "the user of this client needs the right READ on the group",
        Code::TopicAuthorizationFailed => "the user of this client needs the rights DESCRIBE and READ on the topic",
        _ => return None,
    })
}

/// What to do about a partition's error in the answer to a commit; `None` is success.
pub(in crate::kafka) fn of_commit(code: Code) -> Option<CommitError> {
    let reason = || code.to_string();
    Some(match code {
        Code::NoError | Code::NoOffset => return None,
        Code::OffsetMetadataTooLarge => CommitError::MetadataTooLarge,
        Code::IllegalGeneration => CommitError::OldGeneration(reason()),
        Code::UnknownMemberId | Code::State | Code::AssignmentLost => CommitError::Lost(reason()),
        Code::FencedMemberEpoch | Code::FencedInstanceId | Code::Fatal => CommitError::Fatal(reason()),
        Code::GroupAuthorizationFailed
        | Code::TopicAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::InvalidCommitOffsetSize
        | Code::InvalidGroupId
        | Code::UnknownTopicOrPartition
        | Code::UnknownPartition
        | Code::UnknownTopic => CommitError::Alarm(reason()),
        // Whatever is unknown is tried again, with the backoff.
        _ => CommitError::Retry(reason()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_that_refuses_a_member_is_told_with_the_option() {
        assert!(advice(Code::InvalidSessionTimeout).unwrap().contains("`session.timeout.ms`"));
        assert!(advice(Code::InconsistentGroupProtocol).unwrap().contains("`partition.assignment.strategy`"));
        assert_eq!(advice(Code::UnknownTopicOrPartition), None);
    }

    #[test]
    fn a_broker_that_is_gone_is_no_reason_to_alarm_or_to_replace_the_client() {
        assert_eq!(of_poll(Code::AllBrokersDown), PollError::Down);
        for code in [Code::BrokerTransportFailure, Code::Resolve, Code::OperationTimedOut, Code::NotCoordinator] {
            assert_eq!(of_poll(code), PollError::Passing, "{code}");
        }
    }

    #[test]
    fn a_fenced_client_is_dead_whatever_the_call() {
        for code in [Code::Fatal, Code::FencedInstanceId] {
            assert_eq!(of_poll(code), PollError::Fatal, "{code}");
            assert!(matches!(of_commit(code), Some(CommitError::Fatal(_))), "{code}");
        }
    }

    #[test]
    fn missing_topics_and_rights_and_stuck_records_reach_an_operator() {
        for code in [
            Code::UnknownTopicOrPartition,
            Code::TopicAuthorizationFailed,
            Code::AutoOffsetReset,
            Code::PollExceeded,
            Code::MessageSizeTooLarge,
            Code::BadMessage,
            Code::BadCompression,
        ] {
            assert_eq!(of_poll(code), PollError::Alarm, "{code}");
        }
    }

    #[test]
    fn commit_errors_follow_the_table() {
        assert_eq!(of_commit(Code::NoError), None);
        assert_eq!(of_commit(Code::NoOffset), None);
        assert_eq!(of_commit(Code::OffsetMetadataTooLarge), Some(CommitError::MetadataTooLarge));
        assert!(matches!(of_commit(Code::IllegalGeneration), Some(CommitError::OldGeneration(_))));
        for code in [Code::UnknownMemberId, Code::State, Code::AssignmentLost] {
            assert!(matches!(of_commit(code), Some(CommitError::Lost(_))), "{code}");
        }
        for code in [Code::RebalanceInProgress, Code::StaleMemberEpoch, Code::NotCoordinator, Code::RequestTimedOut] {
            assert!(matches!(of_commit(code), Some(CommitError::Retry(_))), "{code}");
        }
        for code in [Code::GroupAuthorizationFailed, Code::InvalidCommitOffsetSize] {
            assert!(matches!(of_commit(code), Some(CommitError::Alarm(_))), "{code}");
        }
    }
}
