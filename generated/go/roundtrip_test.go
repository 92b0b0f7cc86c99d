package api_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	companyv1 "function-backend.internal/api/function/company/v1"
)

func TestCompanySurvivesTheWire(t *testing.T) {
	sent := &companyv1.GetCompanyResponse{Company: &companyv1.Company{
		Id:        "0198c0de-0000-7000-8000-000000000001",
		LegalName: "Müller Maschinenbau GmbH",
		Status:    companyv1.CompanyStatus_COMPANY_STATUS_ACTIVE,
	}}
	encoded, err := proto.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	received := &companyv1.GetCompanyResponse{}
	if err := proto.Unmarshal(encoded, received); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(sent, received) {
		t.Fatalf("sent %v, received %v", sent, received)
	}
}

func TestServiceKeepsItsWireName(t *testing.T) {
	const want = "/function.company.v1.CompanyService/GetCompany"
	if companyv1.CompanyService_GetCompany_FullMethodName != want {
		t.Fatalf("method is called %s", companyv1.CompanyService_GetCompany_FullMethodName)
	}
}
