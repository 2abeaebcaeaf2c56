//! Who may do what: the table of the design's section 4, as one pure function.

use super::{ApplicationId, Job, LinkId, PrincipalId, Role, Scope};

impl Scope {
    /// Whether `job` is within.
    pub fn contains(&self, job: &Job) -> bool {
        match self {
            Self::AllJobs => true,
            Self::Customer(customer_id) => *customer_id == job.customer_id,
            Self::Job(job_id) => *job_id == job.job_id,
        }
    }
}

/// Whose authority a request carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Principal {
    /// The bearer of a link's token.
    Link(LinkId),
    /// An application with a secret key.
    Application(ApplicationId),
}

impl Principal {
    /// The id under which the principal's uploads are kept.
    pub fn id(&self) -> PrincipalId {
        match self {
            Self::Link(link_id) => PrincipalId::from(link_id),
            Self::Application(application_id) => PrincipalId::from(application_id),
        }
    }
}

/// Who acts: a principal with its role and scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Whose token or key was presented.
    pub principal: Principal,
    /// What it is.
    pub role: Role,
    /// Which jobs it reaches.
    pub scope: Scope,
    /// Whether a customer may upload.
    pub may_upload: bool,
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Ask for an upload to a job.
    Upload,
    /// List a job's photos.
    ListPhotos,
    /// Change, hide or delete a photo.
    ChangePhotos,
    /// Make, list or revoke a job's links.
    MintLinks,
    /// Read a job.
    ReadJob,
    /// Make or change jobs and customers.
    WriteJobs,
    /// Read what the server counts.
    ReadMetrics,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Allow,
    /// The job is not theirs: answer as if it did not exist.
    NotFound,
    /// The job is theirs, the act is not.
    Forbid,
}

impl Actor {
    /// Decides on an act upon one job. A job out of scope does not exist for the actor, whatever the act.
    pub fn decide(&self, action: Action, job: &Job) -> Decision {
        if !self.scope.contains(job) {
            return Decision::NotFound;
        }
        if self.role_allows(action) { Decision::Allow } else { Decision::Forbid }
    }

    /// Decides on an act that is not about one existing job.
    pub fn decide_general(&self, action: Action) -> Decision {
        let reaches_all = self.scope == Scope::AllJobs;
        if reaches_all && self.role_allows(action) { Decision::Allow } else { Decision::Forbid }
    }

    fn role_allows(&self, action: Action) -> bool {
        match (self.role, action) {
            (Role::Staff, _)
            | (Role::Crew, Action::Upload | Action::ListPhotos | Action::ReadJob)
            | (Role::Customer, Action::ListPhotos | Action::ReadJob) => true,
            (Role::Customer, Action::Upload) => self.may_upload,
            (
                Role::Crew | Role::Customer,
                Action::ChangePhotos | Action::MintLinks | Action::WriteJobs | Action::ReadMetrics,
            ) => false,
        }
    }

    /// Whether the original of a photo that `uploaded_by` sent may be handed out.
    pub fn may_see_original(&self, uploaded_by: Option<&PrincipalId>) -> bool {
        match self.role {
            Role::Staff => true,
            Role::Crew => uploaded_by == Some(&self.principal.id()),
            Role::Customer => false,
        }
    }

    /// Whether the place where a photo was taken is told.
    pub fn may_see_location(&self) -> bool {
        self.role == Role::Staff
    }

    /// Whether photos whose original the bucket has lost are listed.
    pub fn may_see_missing(&self) -> bool {
        self.role == Role::Staff
    }

    /// Whether photos that customers do not see, hidden ones and those that cannot be shown, are listed.
    pub fn may_see_hidden(&self) -> bool {
        self.role != Role::Customer
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{CustomerId, JobId, JobStatus, Title};

    fn job(job_id: &str, customer_id: &str) -> Job {
        Job {
            job_id: JobId::parse(job_id).unwrap(),
            customer_id: CustomerId::parse(customer_id).unwrap(),
            title: Title::parse("Garage").unwrap(),
            address: None,
            scheduled_for: None,
            status: JobStatus::Scheduled,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn actor(role: Role, scope: Scope, may_upload: bool) -> Actor {
        Actor { principal: Principal::Link(LinkId::parse("L").unwrap()), role, scope, may_upload }
    }

    #[test]
    fn a_job_out_of_scope_does_not_exist_for_anybody() {
        for role in [Role::Staff, Role::Crew, Role::Customer] {
            for scope in
                [Scope::Job(JobId::parse("own").unwrap()), Scope::Customer(CustomerId::parse("me").unwrap())]
            {
                for action in [Action::Upload, Action::ListPhotos, Action::ChangePhotos, Action::ReadJob] {
                    let decision = actor(role, scope.clone(), true).decide(action, &job("other", "them"));
                    assert_eq!(decision, Decision::NotFound);
                }
            }
        }
    }

    #[test]
    fn the_table_of_the_design_holds_within_scope() {
        use Decision::{Allow, Forbid};
        let all = |role, may_upload, action| {
            actor(role, Scope::Job(JobId::parse("own").unwrap()), may_upload)
                .decide(action, &job("own", "me"))
        };
        for (role, may_upload, action, expected) in [
            (Role::Staff, false, Action::Upload, Allow),
            (Role::Staff, false, Action::ChangePhotos, Allow),
            (Role::Crew, false, Action::Upload, Allow),
            (Role::Crew, false, Action::ListPhotos, Allow),
            (Role::Crew, false, Action::ChangePhotos, Forbid),
            (Role::Crew, false, Action::MintLinks, Forbid),
            (Role::Customer, false, Action::Upload, Forbid),
            (Role::Customer, true, Action::Upload, Allow),
            (Role::Customer, false, Action::ListPhotos, Allow),
            (Role::Customer, true, Action::ChangePhotos, Forbid),
            (Role::Customer, true, Action::MintLinks, Forbid),
        ] {
            assert_eq!(all(role, may_upload, action), expected, "{role:?} {action:?}");
        }
    }

    #[test]
    fn only_staff_with_every_job_may_make_jobs() {
        let general = |role, scope| actor(role, scope, true).decide_general(Action::WriteJobs);
        assert_eq!(general(Role::Staff, Scope::AllJobs), Decision::Allow);
        assert_eq!(general(Role::Staff, Scope::Job(JobId::parse("own").unwrap())), Decision::Forbid);
        assert_eq!(general(Role::Crew, Scope::AllJobs), Decision::Forbid);
    }

    #[test]
    fn crew_see_the_originals_of_their_own_uploads_only() {
        let crew = actor(Role::Crew, Scope::AllJobs, false);
        let (own, other) = (PrincipalId::parse("L").unwrap(), PrincipalId::parse("M").unwrap());
        assert!(crew.may_see_original(Some(&own)));
        assert!(!crew.may_see_original(Some(&other)) && !crew.may_see_original(None));
        assert!(!actor(Role::Customer, Scope::AllJobs, true).may_see_original(Some(&own)));
    }
}
