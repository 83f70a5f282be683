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

/// What to do about a partition's error in the answer to a commit; `None` is success.
pub(in crate::kafka) fn of_commit(code: Code) -> Option<CommitError> {
    let reason = || code.to_string();
    Some(match code {
        Code::NoError | Code::NoOffset => return None,
        Code::OffsetMetadataTooLarge => CommitError::MetadataTooLarge,
        Code::IllegalGeneration | Code::UnknownMemberId | Code::State | Code::AssignmentLost => {
            CommitError::Lost(reason())
        }
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
        for code in [Code::IllegalGeneration, Code::UnknownMemberId, Code::State, Code::AssignmentLost] {
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
